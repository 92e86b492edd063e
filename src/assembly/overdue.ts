import type { Config } from "../config.ts";
import { defaultSurface } from "../domain/surface.ts";
import type { Metrics } from "../http/metrics.ts";
import { startWatchdog, type Watchdog } from "../jobs/watchdog.ts";
import type { Logger } from "../logger.ts";
import { tellOverdue } from "../notify/overdue.ts";
import type { Clock } from "../persistence/database/clock.ts";
import { openDatabase } from "../persistence/database/database.ts";
import { createDirectory } from "../slack/directory/directory.ts";
import { createSlackSayer } from "../slack/delivery/surface.ts";
import { createPatientClient, createWebClient } from "../slack/client/web-client.ts";

/**
 * Starts the watchdog with its own connections to the database and to Slack, because it reports on those who use the
 * others.
 */
export function watchOverdue(
  { slack }: Config,
  databaseUrl: string,
  clock: Clock,
  metrics: Metrics,
  log: Logger,
): Watchdog {
  const database = openDatabase(databaseUrl, { poolSize: 2, applicationName: "hallpass watchdog" });
  const { prisma: db } = database;
  const calling = { ...slack, log };
  const client = createPatientClient(calling);
  const sayer = createSlackSayer({ client, directory: createDirectory(createWebClient(calling)) });
  const telling = { db, sayers: new Map([[defaultSurface, sayer]]) };
  const watchdog = startWatchdog({
    db,
    clock,
    tell: (request, event, place, mayStand) => tellOverdue(telling, request, event, place, mayStand),
    onLook: (count, oldestSeconds) => metrics.overdueSeen(count, oldestSeconds),
    log,
  });
  return {
    look: () => watchdog.look(),
    async stop() {
      await watchdog.stop();
      await database.close();
    },
  };
}
