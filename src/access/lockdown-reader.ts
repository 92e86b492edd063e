import type { PrismaClient } from "../generated/prisma/client.ts";
import { readLockdowns } from "../persistence/lockdowns.ts";
import type { Lockdown } from "../policy/lockdown.ts";

/** The lockdowns in force, asked of the database at most once a second. */
export type LockdownReader = {
  read(): Promise<readonly Lockdown[]>;
  /** They have just changed. */
  forget(): void;
};

const rememberMs = 1_000;

/** What is remembered may be a second old: nothing is granted by it, for a grant asks the database itself. */
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
