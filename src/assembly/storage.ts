import type { Config } from "../config.ts";
import type { Logger } from "../logger.ts";
import { bringUpToDate, migrateAsOwner } from "../persistence/database/bring-up-to-date.ts";
import { type Database, openDatabase, waitForDatabase } from "../persistence/database/database.ts";
import { worker } from "../persistence/embedded/server.ts";
import { keepEmbeddedPostgres } from "../persistence/embedded/keep.ts";
import { atMost } from "./at-most.ts";

export type Storage = { readonly databaseUrl: string; readonly database: Database };

/** Waits for the configured database, or starts our own, and brings it up to date. `closers` gets what closes it. */
export async function openStorage(
  config: Config,
  log: Logger,
  signal: AbortSignal,
  closers: (() => Promise<void>)[],
): Promise<Storage> {
  const options = { queues: config.redisUrl === undefined, log };
  let databaseUrl = config.database.url;
  if (databaseUrl === undefined) {
    const embedded = await keepEmbeddedPostgres({ dataDir: config.database.dataDir, log, signal });
    closers.push(() => embedded.stop());
    databaseUrl = embedded.url;
    await waitForDatabase(databaseUrl, { log, signal });
    await migrateAsOwner(embedded.ownerUrl, worker, options);
  } else {
    await waitForDatabase(databaseUrl, { log, signal });
    await bringUpToDate(databaseUrl, options);
  }
  const database = openDatabase(databaseUrl);
  closers.push(() => atMost(500, database.close()));
  return { databaseUrl, database };
}
