import type { PrismaClient } from "../generated/prisma/client.ts";
import { bringUpToDate, migrateAsOwner } from "../persistence/database/bring-up-to-date.ts";
import { createDatabaseCheck, openDatabase, waitForDatabase } from "../persistence/database/database.ts";
import { readWaitingMessages } from "../persistence/effects/owed-messages.ts";
import { worker } from "../persistence/embedded/server.ts";
import { keepEmbeddedPostgres } from "../persistence/embedded/keep.ts";
import type { Running } from "./running.ts";

export type Storage = { readonly databaseUrl: string; readonly db: PrismaClient };

/** Waits for the configured database, or starts our own, and brings it up to date. */
export async function openStorage(running: Running): Promise<Storage> {
  const { clock, closers, status, metrics } = running;
  const databaseUrl = await readyDatabase(running);
  const database = openDatabase(databaseUrl);
  const { prisma: db } = database;
  closers.add(() => database.close(), 500);
  status.watch("database", createDatabaseCheck(database));
  metrics.watchMessages(() => readWaitingMessages(db, clock));
  return { databaseUrl, db };
}

/** Resolves with the address of a database that answers and is up to date. */
async function readyDatabase({ config, log, signal, closers }: Running): Promise<string> {
  const options = { queues: config.redisUrl === undefined, log };
  const { url, dataDir } = config.database;
  if (url !== undefined) {
    await waitForDatabase(url, { log, signal });
    await bringUpToDate(url, options);
    return url;
  }
  const embedded = await keepEmbeddedPostgres({ dataDir, log, signal });
  closers.add(() => embedded.stop());
  await waitForDatabase(embedded.url, { log, signal });
  await migrateAsOwner(embedded.ownerUrl, worker, options);
  return embedded.url;
}
