import { z } from "zod";
import { committing } from "../../crash-point.ts";
import {
  effectDefinitions,
  type EffectFields,
  type EffectKind,
  effectKinds,
  type MessageKind,
  type QueueName,
  queueNames,
} from "../../domain/effect.ts";
import { defaultSurface } from "../../domain/surface.ts";
import { Prisma, type PrismaClient } from "../../generated/prisma/client.ts";
import type { Clock } from "../database/clock.ts";

/** What is needed of an effect to wake the worker that carries it out. */
export type OwedEffect = { readonly id: string; readonly queue: QueueName; readonly dueAt: Date };

/** Lease of a claim: without a renewal, a killed worker's effect can be claimed again after this. */
export const leaseSeconds = 10;

/** Leases use the server's time, not the movable clock, which somebody may advance during the work. */
export const leaseEnd = Prisma.sql`statement_timestamp() + ${leaseSeconds} * interval '1 second'`;

/**
 * The lane of an owed effect, null once it is done. `lane = … and done_at is null` would use another index than that of
 * the lanes; see the migration that made it.
 */
export const owedLane = (effect: string): Prisma.Sql =>
  Prisma.raw(`(case when ${effect}.done_at is null then ${effect}.lane end)`);

const Common = z.object({
  id: z.string(),
  requestId: z.string(),
  /** The requester's person number. */
  requester: z.number(),
  lane: z.string(),
  attempts: z.number(),
  /** When the first attempt began; starts over after an attempt that is known to have changed nothing. */
  startedAt: z.coerce.date(),
  /** An earlier attempt may have had its effect: it failed without proof that it had not, or its worker died. */
  isResumed: z.boolean(),
  /** The result of the last attempt, if known; a worker that died has not recorded one. */
  lastError: z.string().nullable(),
  now: z.coerce.date(),
});

/** Where a message is said. What was owed before there were surfaces was owed to Slack. */
const Said = z.object({ surface: z.string().default(defaultSurface) });

/** An effect that this worker has claimed. */
export type ClaimedEffect<Kind extends EffectKind = EffectKind> = {
  readonly [K in Kind]: z.infer<typeof Common> & { readonly kind: K } & EffectFields<K> &
    (K extends MessageKind ? z.infer<typeof Said> : unknown);
}[Kind];

const Row = z.looseObject({
  kind: z.enum(effectKinds),
  payload: z.record(z.string(), z.unknown()).default({}),
});

/** Built once, because they are used all the time. */
const schemas: ReadonlyMap<EffectKind, z.ZodType<z.infer<typeof Common>>> = new Map(
  effectKinds.map((kind) => {
    const definition = effectDefinitions[kind];
    return [kind, Common.extend({ ...definition.fields, ...("saidOn" in definition ? Said.shape : {}) })];
  }),
);

/** Parses an effect's row. */
export function readEffect(row: unknown): ClaimedEffect {
  const { kind, payload, ...columns } = Row.parse(row);
  // The schema is that of this kind; the compiler loses the pairing.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return { ...schemas.get(kind)?.parse({ ...payload, ...columns }), kind } as ClaimedEffect;
}

/**
 * A claim on an effect. Each claim raises `attempts`, so the number identifies it. A worker paused past its lease holds
 * an outdated number, so it can no longer renew, finish or postpone the effect.
 */
export type Claim = Pick<ClaimedEffect, "id" | "attempts">;

function isHeldBy({ id, attempts }: Claim): Prisma.Sql {
  return Prisma.sql`id = ${id}::uuid and attempts = ${attempts} and done_at is null`;
}

/** Whether the claim still holds: nobody has claimed the effect or carried it out since. */
export async function holdsClaim(db: PrismaClient, claim: Claim): Promise<boolean> {
  const rows = await db.$queryRaw<unknown[]>`select from effects where ${isHeldBy(claim)}`;
  return rows.length > 0;
}

/**
 * Claims an effect that is due, not done, not claimed by another worker, and not behind an earlier one of its lane.
 * `undefined` when it can't be done now, whatever the reason: whoever is responsible comes back to it.
 */
export async function claimEffect(
  db: PrismaClient,
  clock: Clock,
  id: string,
): Promise<ClaimedEffect | undefined> {
  const rows = await db.$queryRaw<unknown[]>`
    update effects e
    set locked_until = ${leaseEnd}, attempts = attempts + 1,
        started_at = coalesce(started_at, ${clock.now})
    where e.id = ${id}::uuid and e.done_at is null
      and (e.locked_until is null or e.locked_until < statement_timestamp())
      and greatest(e.due_at, e.retry_at) <= ${clock.now}
      and not exists (
        select 1 from effects o
        where ${owedLane("o")} = e.lane and o.id <> e.id
          and ((o.seq < e.seq and o.due_at <= ${clock.now}) or o.locked_until > statement_timestamp()))
    returning e.id, e.request_id as "requestId",
              (select r.requester_person from access_requests r where r.id = e.request_id) as requester, e.grant_id as "grantId", e.kind, e.lane, e.payload, e.attempts,
              e.started_at as "startedAt", e.started_at < date_trunc('milliseconds', ${clock.now}) as "isResumed", e.last_error as "lastError", ${clock.now} as now`;
  return rows[0] === undefined ? undefined : readEffect(rows[0]);
}

/** Renews a claim while the work goes on. */
export async function renewClaim(db: PrismaClient, claim: Claim): Promise<void> {
  await db.$executeRaw`
    update effects set locked_until = ${leaseEnd}
    where ${isHeldBy(claim)} and locked_until is not null`;
}

/** Notes what this attempt is about to do. If its worker dies, the next attempt finds the note as `lastError`. */
export async function noteAttempt(db: PrismaClient, claim: Claim, note: string): Promise<void> {
  await db.$executeRaw`update effects set last_error = ${note} where ${isHeldBy(claim)}`;
}

/** Marks an effect as done and returns the next one of its lane that can run now; none if the claim has been lost. */
export async function finishEffect(
  db: PrismaClient,
  clock: Clock,
  effect: Claim & Pick<ClaimedEffect, "lane">,
  note?: string,
): Promise<string | undefined> {
  const rows = await db.$queryRaw<{ id: string }[]>`
    with finished as (
      update effects set done_at = ${clock.now}, locked_until = null, last_error = ${note ?? null}
      where ${isHeldBy(effect)}
      returning id)
    select id from effects
    where ${owedLane("effects")} = ${effect.lane} and id <> ${effect.id}::uuid and due_at <= ${clock.now}
      and exists (select from finished)
    order by seq limit 1`;
  return rows[0]?.id;
}

/**
 * Schedules a retry after a failed attempt, in `seconds` or at a given time. `untouched`: the attempt is known to have
 * changed nothing, so the next one is as good as the first.
 */
export async function postponeEffect(
  db: PrismaClient,
  clock: Clock,
  claim: Claim,
  retry: {
    readonly seconds: number;
    readonly at?: Date;
    readonly error: string;
    readonly untouched: boolean;
  },
): Promise<OwedEffect | undefined> {
  const rows = await db.$queryRaw<OwedEffect[]>`
    update effects
    set retry_at = coalesce(${retry.at ?? null}::timestamptz, ${clock.now} + ${retry.seconds} * interval '1 second'),
        locked_until = null,
        last_error = ${retry.error}, started_at = case when ${retry.untouched} then null else started_at end
    where ${isHeldBy(claim)}
    returning id, queue, retry_at as "dueAt"`;
  return rows[0];
}

/** Makes an overdue revocation due now instead of after its wait; `undefined` when none is owed, or it is being tried. */
export async function hastenRevocation(
  db: PrismaClient,
  clock: Clock,
  grantId: string,
): Promise<OwedEffect | undefined> {
  const rows = await committing(
    "hasten",
    () => db.$queryRaw<OwedEffect[]>`
    update effects set retry_at = null
    where ${owedLane("effects")} = 'grant-' || ${grantId} and kind = 'revoke' and due_at <= ${clock.now}
      and (locked_until is null or locked_until < statement_timestamp())
      and exists (
        select from grants g
        where g.id = effects.grant_id
          and (g.status = 'revoking' or (g.status = 'active' and g.expires_at <= ${clock.now})))
    returning id, queue, due_at as "dueAt"`,
  );
  return rows[0];
}

/** Finds the providers in which a revocation has failed and is still owed. */
export async function findFailingProviders(db: PrismaClient): Promise<readonly string[]> {
  const rows = await db.$queryRaw<{ provider: string }[]>`
    select distinct provider from grants where status = 'revoking' and revoke_attempts > 0`;
  return rows.map(({ provider }) => provider);
}

/** Makes all overdue revocations in a provider due now instead of after their wait. */
export async function hastenRevocationsIn(
  db: PrismaClient,
  clock: Clock,
  provider: string,
): Promise<readonly OwedEffect[]> {
  return committing(
    "hasten",
    () => db.$queryRaw<OwedEffect[]>`
    update effects set retry_at = null
    where ${owedLane("effects")} in (select 'grant-' || g.id from grants g where g.status = 'revoking' and g.provider = ${provider})
      and kind = 'revoke' and retry_at > ${clock.now} and due_at <= ${clock.now}
    returning id, queue, due_at as "dueAt"`,
  );
}

/** Finds the next effect of a lane that can run now. */
export async function nextInLane(db: PrismaClient, clock: Clock, lane: string): Promise<string | undefined> {
  const rows = await db.$queryRaw<{ id: string }[]>`
    select id from effects
    where ${owedLane("effects")} = ${lane} and due_at <= ${clock.now}
    order by seq limit 1`;
  return rows[0]?.id;
}

/** The order of queues when much is owed: first access that should end, then access people wait for. */
export const urgency: readonly QueueName[] = ["revocations", "grants", "deadlines", "messages"];

/** Messages considered when requesters take turns; of more than this, those that have waited longest. */
const turnDepth = 3_000;

/**
 * Finds effects that are due, unclaimed and first in their lane: the most urgent queue first, in it the longest
 * overdue. At most `limit` of each queue, so that thousands of messages don't hide a revocation. Requesters take turns
 * with messages, so that thousands of one person's don't hide another's.
 */
export async function dueEffects(
  db: PrismaClient,
  clock: Clock,
  limit: number,
  queues = urgency,
): Promise<readonly DueEffect[]> {
  const rows = await db.$queryRaw<unknown[]>`
    select due.*
    from unnest(${queues}::text[]) with ordinality as q(name, place), lateral (
      select e.id, e.queue, e.due as "dueAt", extract(epoch from ${clock.now} - e.due)::float8 as "overdueSeconds",
             case when q.name = 'messages' then row_number() over (partition by r.requester_person order by e.due) end as turn
      from (
        select e.id, e.queue, e.request_id, greatest(e.due_at, e.retry_at) as due
        from effects e
        where e.queue = q.name and e.done_at is null and greatest(e.due_at, e.retry_at) <= ${clock.now}
          and (e.locked_until is null or e.locked_until < statement_timestamp())
          and not exists (
            select 1 from effects o
            where ${owedLane("o")} = e.lane and o.seq < e.seq and o.due_at <= ${clock.now})
        order by greatest(e.due_at, e.retry_at) limit case when q.name = 'messages' then ${turnDepth}::int else ${limit}::int end) e
      join access_requests r on r.id = e.request_id
      order by turn, e.due limit ${limit}) due
    order by q.place, due.turn, due."dueAt"`;
  return z.array(DueEffect).parse(rows);
}

const DueEffect = z.object({
  id: z.string(),
  queue: z.enum(queueNames),
  dueAt: z.coerce.date(),
  overdueSeconds: z.number(),
});
/** An effect to be handled now. */
export type DueEffect = z.infer<typeof DueEffect>;

/** Milliseconds until the next effect is due; `undefined` when nothing is owed later. */
export async function untilNextDue(
  db: PrismaClient,
  clock: Clock,
  queues = urgency,
): Promise<number | undefined> {
  const rows = await db.$queryRaw<{ milliseconds: number | null }[]>`
    select extract(epoch from min(next.due) - ${clock.now})::float8 * 1000 as milliseconds
    from unnest(${queues}::text[]) as q(name), lateral (
      select min(greatest(e.due_at, e.retry_at)) as due from effects e
      where e.queue = q.name and e.done_at is null and greatest(e.due_at, e.retry_at) > ${clock.now}) next`;
  return rows[0]?.milliseconds ?? undefined;
}
