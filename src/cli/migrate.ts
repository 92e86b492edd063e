import { migrateAsOwner } from "../persistence/database/bring-up-to-date.ts";
import { describeDatabaseUrl } from "../persistence/database/database.ts";
import { worker } from "../persistence/embedded/server.ts";
import { CommandError } from "./failure.ts";
import { readSettings } from "./settings.ts";
import { withDatabase } from "./storage.ts";

export type MigrateOptions = {
  /** The role that `start` connects as, if it is not the owner of the database. */
  readonly grantTo?: string;
};

/** `hallpass migrate`: applies the missing migrations and prints them. Resolves with the exit code. */
export async function migrateCommand({ grantTo }: MigrateOptions): Promise<number> {
  const config = readSettings();
  const isOwn = config.database.url === undefined;
  if (isOwn && grantTo !== undefined)
    throw new CommandError("--grant-to is for a database of yours: set DATABASE_URL to its owner's.");
  const log = { info: () => undefined, warn: () => undefined };
  const queues = config.redisUrl === undefined;
  return withDatabase(config, { mustExist: false, asOwner: true }, async (url) => {
    const { applied } = await migrateAsOwner(url, isOwn ? worker : grantTo, { queues, log });
    const place = describeDatabaseUrl(url);
    const lines = applied.map((name) => `Applied ${name}\n`).join("");
    const granted = grantTo === undefined ? "" : ` ${grantTo} may work there.`;
    process.stdout.write(`${lines}The database at ${place} is up to date.${granted}\n`);
    return 0;
  });
}
