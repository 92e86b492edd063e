import { z } from "zod";
import type { State } from "../../domain/state.ts";
import type { PrismaClient } from "../../generated/prisma/client.ts";
import type { Clock } from "../database/clock.ts";
import { type ClaimedEffect, leaseEnd, owedLane, readEffect } from "../effects/effects.ts";
import { StateRow } from "./rows.ts";

/** A revocation this worker has claimed, with its request as of the claim. */
export type DueRevocation = {
  /** It must not start before this. */
  readonly dueAt: Date;
  readonly effect: ClaimedEffect<"revoke">;
  readonly provider: string | null;
  /** Absent if the row cannot be parsed: carrying out the effect reports that, and the other revocations are not held up. */
  readonly state?: State;
};

/**
 * Claims at most `limit` due revocations, the longest overdue first, by the same rule as `claimEffect`. Processes that
 * look at the same moment share what is due.
 *
 * `aheadMs`: also claims what falls due within this many milliseconds; the claimer waits for its time. `busy`:
 * providers to skip because they have enough to do.
 */
export async function claimRevocations(
  db: PrismaClient,
  clock: Clock,
  {
    limit,
    aheadMs,
    busy,
  }: { readonly limit: number; readonly aheadMs: number; readonly busy: readonly string[] },
): Promise<readonly DueRevocation[]> {
  const rows = await db.$queryRaw<unknown[]>`
    with due as (
      select e.id from effects e
      where e.queue = 'revocations' and e.kind = 'revoke' and e.done_at is null
        and greatest(e.due_at, e.retry_at) <= ${clock.now} + ${aheadMs} * interval '1 millisecond'
        and (e.locked_until is null or e.locked_until < statement_timestamp())
        and not exists (
          select 1 from effects o
          where ${owedLane("o")} = e.lane and o.id <> e.id
            and ((o.seq < e.seq and o.due_at <= greatest(e.due_at, e.retry_at, ${clock.now})) or o.locked_until > statement_timestamp()))
        and not exists (select from grants g where g.id = e.grant_id and g.provider = any (${busy}::text[]))
      order by greatest(e.due_at, e.retry_at) limit ${limit}
      for update of e skip locked),
    claimed as (
      update effects e
      set locked_until = ${leaseEnd}, attempts = attempts + 1, started_at = coalesce(started_at, ${clock.now})
      from due where e.id = due.id
      returning e.*)
    select jsonb_build_object(
             'id', e.id, 'requestId', e.request_id, 'requester', r.requester_person, 'grantId', e.grant_id, 'kind', e.kind, 'lane', e.lane,
             'attempts', e.attempts, 'startedAt', e.started_at, 'isResumed', e.started_at < date_trunc('milliseconds', ${clock.now}), 'lastError', e.last_error) as effect,
           (select g.provider from grants g where g.id = e.grant_id) as provider,
           to_jsonb(r) as request,
           (select coalesce(jsonb_agg(to_jsonb(g) order by g.id), '[]') from grants g where g.request_id = r.id) as grants,
           ${clock.now} as now, greatest(e.due_at, e.retry_at, ${clock.now}) as "dueAt"
    from claimed e join access_requests r on r.id = e.request_id
    order by greatest(e.due_at, e.retry_at)`;
  return rows.flatMap((row) => {
    const claimed = Claimed.parse(row);
    clock.learn(claimed.now);
    const { dueAt, provider } = claimed;
    const effect = readEffect({ ...claimed.effect, now: dueAt });
    if (effect.kind !== "revoke") throw new Error(`expected a revocation, got ${effect.kind}`);
    const read = StateRow.safeParse(row);
    return [{ effect, dueAt, provider, ...(read.success && { state: read.data.state }) }];
  });
}

const Claimed = z.object({
  effect: z.record(z.string(), z.unknown()),
  provider: z.string().nullable(),
  now: z.coerce.date(),
  dueAt: z.coerce.date(),
});
