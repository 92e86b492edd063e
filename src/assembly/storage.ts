import type { Config } from "../config.ts";
import type { Logger } from "../logger.ts";
import { type Database, openDatabase, waitForDatabase } from "../persistence/database.ts";
import { keepEmbeddedPostgres } from "../persistence/keep-embedded.ts";
import { migrate, migrateQueues } from "../persistence/migrate.ts";
import { atMost } from "./at-most.ts";

export type Storage = { readonly databaseUrl: string; readonly database: Database };

/** Waits for the database that is configured, or starts our own, and brings it up to date. `closers` gets what ends it. */
export async function openStorage(
  config: Config,
  log: Logger,
  signal: AbortSignal,
  closers: (() => Promise<void>)[],
): Promise<Storage> {
  let databaseUrl = config.database.url;
  if (databaseUrl === undefined) {
    const embedded = await keepEmbeddedPostgres({ dataDir: config.database.dataDir, log, signal });
    closers.push(() => embedded.stop());
    databaseUrl = embedded.url;
  }
  await waitForDatabase(databaseUrl, { log, signal });
  await migrate(databaseUrl, { log });
  signal.throwIfAborted();
  if (config.redisUrl === undefined) await migrateQueues(databaseUrl);
  const database = openDatabase(databaseUrl);
  closers.push(() => atMost(500, database.close()));
  return { databaseUrl, database };
}
