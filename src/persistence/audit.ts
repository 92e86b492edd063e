import { committing } from "../crash-point.ts";
import type { AuditEvent } from "../domain/audit-event.ts";
import type { PrismaClient } from "../generated/prisma/client.ts";
import { type EventContext, insertEvents, requestIn, withEventRows } from "./requests/event-rows.ts";

/**
 * Records an event that changes nothing else, such as a refused click or an export. Idempotent by `dedupeKey`, however
 * often Slack delivers it; `false` when it is already recorded.
 */
export async function recordEvent(
  db: PrismaClient,
  event: AuditEvent,
  { request, dedupeKey }: { readonly request?: EventContext; readonly dedupeKey?: string } = {},
): Promise<boolean> {
  const place = {
    ...(request && requestIn(request)),
    ...(dedupeKey !== undefined && { dedupeKey }),
  };
  const count = await withEventRows(db, [event], request, (rows, insist) =>
    committing("event", () => db.$executeRaw`${insertEvents(rows, insist, place)}`),
  );
  return count > 0;
}

/** Whether an event with this key is recorded. */
export async function isRecorded(db: PrismaClient, dedupeKey: string): Promise<boolean> {
  return (await db.auditEvent.count({ where: { dedupeKey } })) > 0;
}
