import type { PrismaClient } from "../../generated/prisma/client.ts";
import type { Clock } from "../database/clock.ts";
import { type ClaimedEffect, owedLane } from "./effects.ts";

/** A later effect of the same kind and lane that is already due. */
export type LaterEffect = {
  readonly id: string;
  readonly eventType: string | null;
  /** The grant the effect or its event is about. */
  readonly grantId: string | null;
};

/** Finds the later effects of the same kind that an effect's lane owes by now. */
export function findLater(
  db: PrismaClient,
  clock: Clock,
  effect: Pick<ClaimedEffect, "id" | "lane" | "kind">,
): Promise<readonly LaterEffect[]> {
  return db.$queryRaw<LaterEffect[]>`
    select later.id, later.payload->'event'->>'type' as "eventType",
           coalesce(later.grant_id::text, later.payload->'event'->>'grantId') as "grantId"
    from effects later, effects this
    where this.id = ${effect.id}::uuid and ${owedLane("later")} = ${effect.lane} and later.kind = ${effect.kind}
      and later.seq > this.seq and later.due_at <= ${clock.now}
    order by later.seq`;
}

/**
 * Marks effects as done that the message just sent covers too. The caller holds the lane; an effect that another worker
 * has claimed all the same, because this took too long, is left to that worker.
 */
export async function settleMerged(db: PrismaClient, clock: Clock, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await db.$executeRaw`
    update effects set done_at = ${clock.now}, last_error = 'said with an earlier one'
    where id = any(${[...ids]}::uuid[]) and done_at is null
      and (locked_until is null or locked_until < statement_timestamp())`;
}

/** Makes all messages that wait for a retry due now, because what kept them back is fixed. */
export async function hastenMessages(db: PrismaClient, clock: Clock): Promise<void> {
  await db.$executeRaw`
    update effects set retry_at = null
    where queue = 'messages' and done_at is null and greatest(due_at, retry_at) > ${clock.now}
      and due_at <= ${clock.now}`;
}

/** Reads how many messages are due and not sent, and for how many seconds the oldest has been due. */
export async function readWaitingMessages(
  db: PrismaClient,
  clock: Clock,
): Promise<{ readonly count: number; readonly oldestSeconds: number }> {
  const [row] = await db.$queryRaw<[{ count: number; oldestSeconds: number }]>`
    select count(*)::int as count,
           coalesce(extract(epoch from ${clock.now} - min(due_at)), 0)::float8 as "oldestSeconds"
    from effects where queue = 'messages' and done_at is null and due_at <= ${clock.now}`;
  return row;
}
