import { describeDatabaseUrl } from "../persistence/database.ts";
import { migrate, migrateQueues } from "../persistence/migrate.ts";
import { readSettings } from "./settings.ts";
import { withDatabase } from "./storage.ts";

/** `hallpass migrate`: applies what is missing and prints it. Resolves with the exit code. */
export async function migrateCommand(): Promise<number> {
  const config = readSettings();
  return withDatabase(config, { mustExist: false }, async (url) => {
    const { applied } = await migrate(url, { log: { info: () => undefined } });
    if (config.redisUrl === undefined) await migrateQueues(url);
    const place = describeDatabaseUrl(url);
    const lines = applied.map((name) => `Applied ${name}\n`).join("");
    process.stdout.write(`${lines}The database at ${place} is up to date.\n`);
    return 0;
  });
}
