import { startWatchdog, type Watchdog } from "../jobs/watchdog.ts";
import { openDatabase } from "../persistence/database/database.ts";
import { createDirectory } from "../slack/directory/directory.ts";
import { tellOverdue } from "../notify/overdue.ts";
import { slack } from "../slack/delivery/courier.ts";
import { createSlackAnnouncer } from "../slack/delivery/surface.ts";
import { createPatientClient, createWebClient } from "../slack/client/web-client.ts";
import type { Running } from "./running.ts";
import type { Storage } from "./storage.ts";

/**
 * Starts the watchdog with its own connections to the database and to Slack, because it reports on those who use the
 * others.
 */
export function watchOverdue({ config, databaseUrl, clock, metrics, log }: Running & Storage): Watchdog {
  const database = openDatabase(databaseUrl, { poolSize: 2, applicationName: "hallpass watchdog" });
  const { prisma: db } = database;
  const calling = { ...config.slack, log };
  const client = createPatientClient(calling);
  const announcer = createSlackAnnouncer({ client, directory: createDirectory(createWebClient(calling)) });
  const telling = { db, announcers: new Map([[slack, announcer]]) };
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
