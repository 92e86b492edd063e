import type { PrismaClient } from "../../generated/prisma/client.ts";
import { readLockdowns } from "../../persistence/requests/lockdowns.ts";
import type { Lockdown } from "../../policy/lockdown.ts";

/** A cache of the lockdowns in force, read from the database at most once a second. */
export type LockdownReader = {
  read(): Promise<readonly Lockdown[]>;
  /** Clears the cache, because the lockdowns may have changed. */
  forget(): void;
};

const rememberMs = 1_000;

/** Creates a cache that may be a second old: no access is given on its word, because a grant asks the database itself. */
export function createLockdownReader(db: PrismaClient): LockdownReader {
  let last: { readonly at: number; readonly lockdowns: Promise<readonly Lockdown[]> } | undefined;
  const forget = (): void => {
    last = undefined;
  };
  return {
    read() {
      if (last && performance.now() - last.at < rememberMs) return last.lockdowns;
      const lockdowns = readLockdowns(db);
      lockdowns.catch(forget);
      last = { at: performance.now(), lockdowns };
      return lockdowns;
    },
    forget,
  };
}
