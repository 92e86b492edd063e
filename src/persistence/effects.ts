import { z } from "zod";
import { committing } from "../crash-point.ts";
import {
  effectDefinitions,
  type EffectFields,
  type EffectKind,
  effectKinds,
  type QueueName,
  queueNames,
} from "../domain/effect.ts";
import { Prisma, type PrismaClient } from "../generated/prisma/client.ts";
import type { Clock } from "./clock.ts";
import type { OwedEffect } from "./requests.ts";

/** How long a claim lasts without being renewed: what a killed worker held is taken up again after this. */
export const leaseSeconds = 10;

/** A claim ends by the machine's time, not by a clock that somebody moves on while the work is in hand. */
export const leaseEnd = Prisma.sql`statement_timestamp() + ${leaseSeconds} * interval '1 second'`;

/**
 * The lane of an effect that is owed, null once it is done; `lane = … and done_at is null` would be answered by another index than the
 * lanes', see the migration that made it.
 */
export const owedLane = (effect: string): Prisma.Sql =>
  Prisma.raw(`(case when ${effect}.done_at is null then ${effect}.lane end)`);

const Common = z.object({
  id: z.string(),
  requestId: z.string(),
  /** Whose request it is of. */
  requester: z.number(),
  lane: z.string(),
  attempts: z.number(),
  /** Since when it is tried. */
  startedAt: z.coerce.date(),
  /** An earlier attempt may have done what this one is to do: it failed without proof that it had not, or its maker died. */
  isResumed: z.boolean(),
  /** What came of the last attempt, where that is known: not so when whoever made it died. */
  lastError: z.string().nullable(),
  now: z.coerce.date(),
});

/** An effect that this worker has claimed. */
export type ClaimedEffect<Kind extends EffectKind = EffectKind> = {
  readonly [K in Kind]: z.infer<typeof Common> & { readonly kind: K } & EffectFields<K>;
}[Kind];

const Row = z.looseObject({
  kind: z.enum(effectKinds),
  payload: z.record(z.string(), z.unknown()).default({}),
});

/** Made once: they are read all the time. */
const schemas: ReadonlyMap<EffectKind, z.ZodType<z.infer<typeof Common>>> = new Map(
  effectKinds.map((kind) => [kind, Common.extend(effectDefinitions[kind].fields)]),
);

/** An effect as the database holds it. */
export function readEffect(row: unknown): ClaimedEffect {
  const { kind, payload, ...columns } = Row.parse(row);
  // The fields of this very kind are read; the compiler loses the pairing.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return { ...schemas.get(kind)?.parse({ ...columns, ...payload }), kind } as ClaimedEffect;
}

/**
 * A claim on an effect: its attempts go up with each, so that their number tells it from the next. Whoever was paused for
 * longer than a claim lasts holds one that is over, and can neither keep, end nor put off what somebody else has now.
 */
export type Claim = Pick<ClaimedEffect, "id" | "attempts">;

function isHeldBy({ id, attempts }: Claim): Prisma.Sql {
  return Prisma.sql`id = ${id}::uuid and attempts = ${attempts} and done_at is null`;
}

/** Whether nobody else has claimed the effect since, or carried it out. */
export async function holdsClaim(db: PrismaClient, claim: Claim): Promise<boolean> {
  const rows = await db.$queryRaw<unknown[]>`select from effects where ${isHeldBy(claim)}`;
  return rows.length > 0;
}

/**
 * Claims an effect that is due, not done, not claimed by somebody else, and not behind an earlier one of its lane.
 * `undefined` when it is not to be done now, for whatever reason: whoever is responsible will come back to it.
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

/** Keeps a claim alive while the work goes on. */
export async function renewClaim(db: PrismaClient, claim: Claim): Promise<void> {
  await db.$executeRaw`
    update effects set locked_until = ${leaseEnd}
    where ${isHeldBy(claim)} and locked_until is not null`;
}

/** What this attempt is about to do, in words that whoever takes it up finds as its last error should its maker die. */
export async function noteAttempt(db: PrismaClient, claim: Claim, note: string): Promise<void> {
  await db.$executeRaw`update effects set last_error = ${note} where ${isHeldBy(claim)}`;
}

/** The effect is carried out; the next one of its lane that can run now, none where somebody else has the lane. */
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
 * The attempt failed: the effect is due again in `seconds`.
 * `untouched`: the world is known to be as before, so that the next attempt is as good as the first.
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

/** Has an overdue revocation tried now, whatever it waits for; `undefined` when none is owed, or is being tried. */
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

/** The providers in which a revocation has failed and is still owed. */
export async function findFailingProviders(db: PrismaClient): Promise<readonly string[]> {
  const rows = await db.$queryRaw<{ provider: string }[]>`
    select distinct provider from grants where status = 'revoking' and revoke_attempts > 0`;
  return rows.map(({ provider }) => provider);
}

/** Has all overdue revocations in a provider tried now instead of after their wait. */
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

/** The next effect of a lane that can run now. */
export async function nextInLane(db: PrismaClient, clock: Clock, lane: string): Promise<string | undefined> {
  const rows = await db.$queryRaw<{ id: string }[]>`
    select id from effects
    where ${owedLane("effects")} = ${lane} and due_at <= ${clock.now}
    order by seq limit 1`;
  return rows[0]?.id;
}

/** What is looked for first when much is owed: access that is to end, then access that is waited for. */
export const urgency: readonly QueueName[] = ["revocations", "grants", "deadlines", "messages"];

/** So many messages are looked at to see whose turn it is; of more, those that have waited longest. */
const turnDepth = 3_000;

/**
 * Effects that are due, not being worked on, and first in their lane: the most urgent queue first, in it the longest
 * overdue. At most `limit` of each queue, so that thousands of messages hide no revocation; and of messages one of each requester
 * at a time, so that thousands of one person's hide no other's.
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
/** An effect that somebody is to look at now. */
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
