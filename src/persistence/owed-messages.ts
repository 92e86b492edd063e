import type { PrismaClient } from "../generated/prisma/client.ts";
import type { Clock } from "./clock.ts";
import { type ClaimedEffect, owedLane } from "./effects.ts";

/** An effect of the same kind and lane that is owed later and due already. */
export type LaterEffect = {
  readonly id: string;
  readonly eventType: string | null;
  /** The grant the effect or its event is about. */
  readonly grantId: string | null;
};

/** What else of this kind the lane of an effect owes by now. */
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
 * What was said covers these too: they are carried out with it. Whoever calls this holds the lane; one that somebody has
 * claimed all the same, as that took too long, is theirs.
 */
export async function settleMerged(db: PrismaClient, clock: Clock, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await db.$executeRaw`
    update effects set done_at = ${clock.now}, last_error = 'said with an earlier one'
    where id = any(${[...ids]}::uuid[]) and done_at is null
      and (locked_until is null or locked_until < statement_timestamp())`;
}

/** Has all messages that wait for another attempt tried now: what kept them is mended. */
export async function hastenMessages(db: PrismaClient, clock: Clock): Promise<void> {
  await db.$executeRaw`
    update effects set retry_at = null
    where queue = 'messages' and done_at is null and greatest(due_at, retry_at) > ${clock.now}
      and due_at <= ${clock.now}`;
}

/** How many messages are due and not sent, and for how many seconds the oldest of them. */
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
