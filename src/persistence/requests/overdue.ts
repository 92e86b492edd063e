import { z } from "zod";
import { committing } from "../../crash-point.ts";
import type { AuditEvent } from "../../domain/audit-event.ts";
import { type LastFailure, overdueAfterSeconds } from "../../domain/grant/overdue.ts";
import type { AccessRequest } from "../../domain/request/request.ts";
import { Prisma, type PrismaClient } from "../../generated/prisma/client.ts";
import type { Clock } from "../database/clock.ts";
import { owedLane } from "../effects/effects.ts";
import { insertEvents, requestIn, withEventRows } from "./event-rows.ts";

/**
 * When the access of a grant `g` should be gone; null if it has no end. Whether a grant that was begun and never
 * settled exists is unknown: it should be gone when it would be if it had been given when first asked for.
 */
export const shouldBeGoneSince = Prisma.sql`(case g.status
    when 'active' then g.expires_at
    when 'revoking' then coalesce(g.ending_since, g.expires_at)
    when 'granting' then (
      select e.started_at + g.duration_seconds * interval '1 second' from effects e
      where ${owedLane("e")} = 'grant-' || g.id and e.kind = 'grant' limit 1)
  end)`;

/** The one definition of overdue: not proven gone a minute after it should have been. */
export function isOverdue(clock: Clock): Prisma.Sql {
  return Prisma.sql`coalesce(
    ${shouldBeGoneSince} + ${overdueAfterSeconds} * interval '1 second' <= ${clock.now}, false)`;
}

const LateGrant = z.object({
  grantId: z.string(),
  requestId: z.string(),
  since: z.coerce.date(),
  lateSeconds: z.number(),
  isOverdue: z.boolean(),
  /** The recorded step, and whether it was said everywhere. */
  step: z.number(),
  isSaid: z.boolean(),
  now: z.coerce.date(),
});
/** Access that should be gone, overdue already or not yet. */
export type LateGrant = Readonly<z.infer<typeof LateGrant>>;

/** Reads all access that should be gone and is not, by the database's clock; the longest overdue first. */
export async function readLate(db: PrismaClient, clock: Clock): Promise<readonly LateGrant[]> {
  const rows = await db.$queryRaw<unknown[]>`
    select late.*, coalesce(o.step, 0) as step,
           coalesce(o.thread_step >= o.step and o.alerts_step >= o.step, true) as "isSaid"
    from (
      select g.id as "grantId", g.request_id as "requestId", ${shouldBeGoneSince} as since,
             extract(epoch from ${clock.now} - ${shouldBeGoneSince})::float8 as "lateSeconds",
             ${isOverdue(clock)} as "isOverdue", ${clock.now} as now
      from grants g where g.status <> 'revoked') late
    left join overdue_grants o on o.grant_id = late."grantId" and o.since = late.since
    where late.since <= late.now
    order by late.since`;
  return z.array(LateGrant).parse(rows);
}

/** Reads the last failed attempt to revoke the access since it should have been gone. */
export async function readLastFailure(
  db: PrismaClient,
  { requestId, grantId, since }: Pick<LateGrant, "requestId" | "grantId" | "since">,
): Promise<LastFailure | undefined> {
  // The error is sealed in the event; the grant has the latest one.
  const rows = await db.$queryRaw<unknown[]>`
    select (e.data ->> 'attempt')::int as attempt, (e.data ->> 'retryable')::boolean as retryable, g.last_error as error
    from audit_events e join grants g on g.id = e.grant_id
    where e.request_id = ${requestId}::uuid and e.grant_id = ${grantId}::uuid and e.type = 'revocation.failed'
      and e.at >= ${since}
    order by e.seq desc limit 1`;
  return rows[0] === undefined ? undefined : Failure.parse(rows[0]);
}

const Failure = z.object({ attempt: z.number(), error: z.string(), retryable: z.boolean() });

/**
 * Records that overdue access has come to a step, with its event, in one statement. `false` when another process was
 * first or the access is gone after all: nothing is written then.
 */
export async function recordOverdue(
  db: PrismaClient,
  request: AccessRequest,
  event: AuditEvent<"revocation.overdue">,
): Promise<boolean> {
  const written = await withEventRows(db, [event], request, (rows, insist) =>
    committing(
      "overdue",
      () => db.$executeRaw`
    with reached as (
      insert into overdue_grants as o (grant_id, since, step)
      select g.id, ${event.data.since}::timestamptz, ${event.data.step}
      from grants g where g.id = ${event.grantId}::uuid and g.status <> 'revoked'
      on conflict (grant_id) do update
      set step = excluded.step, since = excluded.since,
          thread_step = case when o.since = excluded.since then o.thread_step else 0 end,
          alerts_step = case when o.since = excluded.since then o.alerts_step else 0 end
      where o.step < excluded.step or o.since <> excluded.since
      returning grant_id)
    ${insertEvents(rows, insist, { from: Prisma.sql`reached`, ...requestIn(request) })}`,
    ),
  );
  return written > 0;
}

/** Lease for saying a step: longer than all its waits for Slack together. */
const tellingSeconds = 150;

/** Where a step is said. */
export type OverduePlace = "thread" | "alerts";

/** A claim on saying a step, identified by when its lease ends. */
export type Telling = {
  readonly step: number;
  readonly places: readonly OverduePlace[];
  readonly until: Date;
  /** An earlier attempt ended without an answer, or its process died, so the message may already be posted. */
  readonly mayStand: boolean;
};

/**
 * Claims the saying of the latest step where it was not said yet; `undefined` when another process has it, or nothing
 * is left.
 */
export async function claimTelling(db: PrismaClient, grantId: string): Promise<Telling | undefined> {
  const rows = await db.$queryRaw<
    { step: number; threadStep: number; alertsStep: number; until: Date; mayStand: boolean }[]
  >`
    with free as (
      select o.grant_id, o.locked_until is not null as "mayStand"
      from overdue_grants o
      where o.grant_id = ${grantId}::uuid and (o.thread_step < o.step or o.alerts_step < o.step)
        and (o.locked_until is null or o.locked_until < statement_timestamp())
        and exists (select from grants g where g.id = o.grant_id and g.status <> 'revoked')
      for update)
    update overdue_grants o
    set locked_until = statement_timestamp() + ${tellingSeconds} * interval '1 second'
    from free where o.grant_id = free.grant_id
    returning o.step, o.thread_step as "threadStep", o.alerts_step as "alertsStep", o.locked_until as until, free."mayStand"`;
  const [row] = rows;
  if (!row) return undefined;
  const places: OverduePlace[] = [];
  if (row.alertsStep < row.step) places.push("alerts");
  if (row.threadStep < row.step) places.push("thread");
  return { step: row.step, places, until: row.until, mayStand: row.mayStand };
}

/**
 * Records where the step was said, and releases the claim unless another process has it by now. The rest can be claimed
 * at once or, where it may have been posted all the same, after `doubtSeconds`.
 */
export async function recordTold(
  db: PrismaClient,
  grantId: string,
  { step, until }: Pick<Telling, "step" | "until">,
  places: readonly OverduePlace[],
  doubtSeconds?: number,
): Promise<void> {
  await db.$executeRaw`
    update overdue_grants
    set locked_until =
          case when locked_until = ${until}::timestamptz
               then statement_timestamp() + ${doubtSeconds ?? null}::int * interval '1 second'
               else locked_until end,
        thread_step = case when ${places.includes("thread")} then greatest(thread_step, ${step}) else thread_step end,
        alerts_step = case when ${places.includes("alerts")} then greatest(alerts_step, ${step}) else alerts_step end
    where grant_id = ${grantId}::uuid`;
}
