import { v7 as uuidv7 } from "uuid";
import { committing } from "../crash-point.ts";
import type { AuditEvent } from "../domain/audit-event.ts";
import type { CommandType, State } from "../domain/decide.ts";
import { type Effect, laneOf, queueOf, type QueueName } from "../domain/effect.ts";
import { Prisma, type PrismaClient } from "../generated/prisma/client.ts";
import type { Clock } from "./clock.ts";
import { type EventRow, withEventRows, insertEvents } from "./event-rows.ts";
import { StateRow } from "./rows.ts";

/** Enough of an effect to wake whoever carries it out. */
export type OwedEffect = { readonly id: string; readonly queue: QueueName; readonly dueAt: Date };

/** What becomes of the effect that brought a command, in the same statement as the transition. */
export type Settlement =
  | { readonly effectId: string; readonly done: true }
  | { readonly effectId: string; readonly done: false; readonly retryAt: Date; readonly error: string };

export type Transition = {
  readonly next: State;
  readonly events: readonly AuditEvent[];
  readonly effects: readonly Effect[];
  readonly settles?: Settlement;
};

/** Reads a request with its grants and the database's time; `undefined` when there is none. */
export async function readState(
  db: PrismaClient,
  clock: Clock,
  requestId: string,
): Promise<{ readonly state: State; readonly now: Date } | undefined> {
  const rows = await db.$queryRaw<unknown[]>`
    select to_jsonb(r) as request,
           (select coalesce(jsonb_agg(to_jsonb(g) order by g.id), '[]') from grants g where g.request_id = r.id) as grants,
           ${clock.now} as now
    from access_requests r where r.id = ${requestId}::uuid`;
  if (rows[0] === undefined) return undefined;
  const read = StateRow.parse(rows[0]);
  clock.learn(read.now);
  return read;
}

/** The database's time; asked for only when it is not known to the millisecond or so. */
export async function readNow(db: PrismaClient, clock: Clock): Promise<Date> {
  const known = clock.estimate();
  if (known) return known;
  const [row] = await db.$queryRaw<[{ now: Date }]>`select ${clock.now} as now`;
  clock.learn(row.now);
  return row.now;
}

/** Finds the request that an earlier delivery of the same interaction filed. */
export async function findByDedupeKey(
  db: PrismaClient,
  dedupeKey: string,
): Promise<{ readonly number: number; readonly isRefused: boolean } | undefined> {
  const found = await db.accessRequest.findUnique({
    where: { dedupeKey },
    select: { number: true, status: true },
  });
  return found ? { number: found.number, isRefused: found.status === "refused" } : undefined;
}

/**
 * Records a new request with its events and effects in one statement.
 * `undefined` when a request with this dedupe key was already filed: nothing is written then.
 */
export async function recordNew(
  db: PrismaClient,
  transition: Transition,
  dedupeKey: string | undefined,
): Promise<{ readonly number: number; readonly effects: readonly OwedEffect[] } | undefined> {
  const { request } = transition.next;
  const effects = withIds(transition.effects);
  const rows = await withEventRows(db, transition.events, request, (events, persons) =>
    committing(
      "file",
      () => db.$queryRaw<{ number: number }[]>`
    with changed as (
      insert into access_requests (
        id, version, status, dedupe_key, source, requester_email, requester_name, requester_slack_id, resource, role,
        duration_seconds, reason, ticket, policy_version, rule, terms, planned, decisions, created_at, respond_by, closed_at)
      values (
        ${request.id}::uuid, 1, ${request.status}, ${dedupeKey ?? null}, ${request.source}, ${request.requester.email},
        ${request.requester.name}, ${request.requester.slackId ?? null}, ${request.resource}, ${request.role},
        ${request.durationSeconds}, ${request.reason}, ${request.ticket ?? null}, ${request.policyVersion},
        ${request.rule ?? null}, ${JSON.stringify(request.terms)}::jsonb, ${JSON.stringify(request.planned)}::jsonb,
        ${JSON.stringify(request.decisions)}::jsonb, ${request.createdAt}, ${request.respondBy ?? null},
        ${request.closedAt ?? null})
      on conflict (dedupe_key) do nothing
      returning id, number)
    ${consequences(request.id, transition.next.grants, { events, persons }, effects)}
    select number from changed`,
    ),
  );
  return rows[0] && { number: rows[0].number, effects };
}

/**
 * Records a transition in one statement, if the request is still at the version it was decided on; returns it as it is then.
 * `undefined` when somebody else was first: nothing is written then.
 */
export async function recordTransition(
  db: PrismaClient,
  clock: Clock,
  before: State,
  transition: Transition,
  command: CommandType,
): Promise<{ readonly state: State; readonly effects: readonly OwedEffect[] } | undefined> {
  const { request, grants } = transition.next;
  const changedGrants = grants.filter((grant) => !before.grants.includes(grant));
  const effects = withIds(transition.effects);
  const rows = await withEventRows(db, transition.events, request, (events, persons) =>
    committing(
      command,
      () => db.$queryRaw<unknown[]>`
    with changed as (
      update access_requests
      set version = version + 1, status = ${request.status}, decisions = ${JSON.stringify(request.decisions)}::jsonb,
          held_before = ${request.heldBefore ? JSON.stringify(request.heldBefore) : null}::jsonb,
          flags = ${request.flags ? JSON.stringify(request.flags) : null}::jsonb,
          closed_at = ${request.closedAt ?? null}
      where id = ${request.id}::uuid and version = ${before.request.version}
      returning id)
    ${consequences(request.id, changedGrants, { events, persons }, effects)}
    ${settlement(clock, transition.settles)}
    select id from changed`,
    ),
  );
  if (rows.length === 0) return undefined;
  return { state: { request: { ...request, version: before.request.version + 1 }, grants }, effects };
}

const changedRequest = { from: Prisma.sql`changed`, requestId: Prisma.sql`changed.id` };

/** Grants, audit events and effects of a transition: written if, and only if, `changed` is not empty. */
function consequences(
  requestId: string,
  grants: State["grants"],
  { events, persons }: { readonly events: readonly EventRow[]; readonly persons: readonly number[] },
  effects: readonly IdentifiedEffect[],
): Prisma.Sql {
  // What there is nothing of is left out: planning a part costs the server as much as carrying it out.
  return Prisma.sql`${grants.length === 0 ? Prisma.empty : granted(JSON.stringify(grants))}
    ${events.length === 0 ? Prisma.empty : Prisma.sql`, logged as (${insertEvents(events, persons, changedRequest)})`}
    ${effects.length === 0 ? Prisma.empty : owed(JSON.stringify(effects.map((effect) => effectRow(effect, requestId))))}`;
}

const granted = (rows: string): Prisma.Sql => Prisma.sql`,
    granted as (
      insert into grants (
        id, request_id, status, provider, subject, target, state, duration_seconds, active_at, expires_at,
        ending_since, revoke_reason, revoked_at, revoke_attempts, last_error, last_used_at, is_standing,
        vanished_at)
      select g.id, changed.id, g.status, g.provider, g.subject, g.target, g.state, g."durationSeconds", g."activeAt",
             g."expiresAt", g."endingSince", g."revokeReason", g."revokedAt", g."revokeAttempts", g."lastError",
             g."lastUsedAt", coalesce(g."isStanding", false), g."vanishedAt"
      from changed, jsonb_to_recordset(${rows}::jsonb) as g(
        id uuid, status text, provider text, subject text, target jsonb, state jsonb, "durationSeconds" int,
        "activeAt" timestamptz, "expiresAt" timestamptz, "endingSince" timestamptz, "revokeReason" text, "revokedAt" timestamptz,
        "revokeAttempts" int, "lastError" text, "lastUsedAt" timestamptz, "isStanding" boolean,
        "vanishedAt" timestamptz)
      on conflict (id) do update set
        status = excluded.status, state = excluded.state, active_at = excluded.active_at,
        expires_at = excluded.expires_at, ending_since = excluded.ending_since, revoke_reason = excluded.revoke_reason, revoked_at = excluded.revoked_at,
        revoke_attempts = excluded.revoke_attempts, last_error = excluded.last_error,
        last_used_at = excluded.last_used_at, is_standing = excluded.is_standing,
        vanished_at = excluded.vanished_at)`;

const owed = (rows: string): Prisma.Sql => Prisma.sql`,
    owed as (
      insert into effects (id, request_id, grant_id, kind, queue, lane, payload, due_at)
      select f.id, changed.id, f."grantId", f.kind, f.queue, f.lane, f.payload, f."dueAt"
      from changed, rows from (jsonb_to_recordset(${rows}::jsonb) as (
        id uuid, "grantId" uuid, kind text, queue text, lane text, payload jsonb, "dueAt" timestamptz)) with ordinality as f(
        id, "grantId", kind, queue, lane, payload, "dueAt", place)
      order by f.place)`;

function settlement(clock: Clock, settles: Settlement | undefined): Prisma.Sql {
  if (!settles) return Prisma.empty;
  if (settles.done) {
    return Prisma.sql`, settled as (
      update effects set done_at = ${clock.now}, locked_until = null, last_error = null
      where id = ${settles.effectId}::uuid and done_at is null and exists (select 1 from changed))`;
  }
  return Prisma.sql`, settled as (
      update effects set retry_at = ${settles.retryAt}, locked_until = null, last_error = ${settles.error}
      where id = ${settles.effectId}::uuid and done_at is null and exists (select 1 from changed))`;
}

type IdentifiedEffect = OwedEffect & { readonly effect: Effect };

function withIds(effects: readonly Effect[]): readonly IdentifiedEffect[] {
  return effects.map((effect) => ({
    id: uuidv7(),
    queue: queueOf[effect.kind],
    dueAt: effect.dueAt,
    effect,
  }));
}

function effectRow({ id, queue, effect }: IdentifiedEffect, requestId: string): Record<string, unknown> {
  return {
    id,
    queue,
    kind: effect.kind,
    lane: laneOf(effect, requestId),
    dueAt: effect.dueAt,
    grantId: "grantId" in effect ? effect.grantId : null,
    payload: "event" in effect ? { event: effect.event } : {},
  };
}
