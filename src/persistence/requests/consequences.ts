import { v7 as uuidv7 } from "uuid";
import type { State } from "../../domain/state.ts";
import { type Effect, effectDefinitions, placeOf } from "../../domain/effect.ts";
import { Prisma } from "../../generated/prisma/client.ts";
import { type EventRow, insertEvents } from "./event-rows.ts";
import type { Insist } from "../personal/seal-personal.ts";
import type { OwedEffect } from "../effects/effects.ts";

/** Rows written together with a change of requests. */
export type Changes = {
  readonly grants: State["grants"];
  /** See `effectRow`. */
  readonly effects: readonly object[];
};

const changedRequests = {
  from: Prisma.sql`changed`,
  request: { id: Prisma.sql`changed.id`, number: Prisma.sql`changed.number` },
  on: Prisma.sql`changed.id = e."requestId"`,
};

/** SQL that writes the grants, audit events and effects of transitions, only for the requests in `changed` (`id`, `number`). */
export function consequences(
  { grants, effects }: Changes,
  { events, insist }: { readonly events: readonly EventRow[]; readonly insist: Insist },
): Prisma.Sql {
  // Leave out empty parts: planning one costs the server as much as running it.
  return Prisma.sql`${grants.length === 0 ? Prisma.empty : granted(JSON.stringify(grants))}
    ${events.length === 0 ? Prisma.empty : Prisma.sql`, logged as (${insertEvents(events, insist, changedRequests)})`}
    ${effects.length === 0 ? Prisma.empty : owed(JSON.stringify(effects))}`;
}

const granted = (rows: string): Prisma.Sql => Prisma.sql`,
    granted as (
      insert into grants (
        id, request_id, status, provider, subject, target, asked_at, system, subject_id, target_id, state, duration_seconds, active_at, expires_at,
        ending_since, revoke_reason, revoked_at, revoke_attempts, last_error, last_used_at, is_standing, is_left,
        vanished_at, handover)
      select g.id, changed.id, g.status, g.provider, g.subject, g.target, g."askedAt", g.ids ->> 'system',
             g.ids ->> 'subjectId', g.ids ->> 'targetId', g.state, g."durationSeconds", g."activeAt",
             g."expiresAt", g."endingSince", g."revokeReason", g."revokedAt", g."revokeAttempts", g."lastError",
             g."lastUsedAt", coalesce(g."isStanding", false), coalesce(g."isLeft", false), g."vanishedAt",
             g.handover
      from changed join jsonb_to_recordset(${rows}::jsonb) as g(
        id uuid, "requestId" uuid, status text, provider text, subject text, target jsonb, "askedAt" timestamptz, ids jsonb, state jsonb,
        "durationSeconds" int, "activeAt" timestamptz, "expiresAt" timestamptz, "endingSince" timestamptz,
        "revokeReason" text, "revokedAt" timestamptz, "revokeAttempts" int, "lastError" text,
        "lastUsedAt" timestamptz, "isStanding" boolean, "isLeft" boolean, "vanishedAt" timestamptz,
        handover jsonb) on g."requestId" = changed.id
      on conflict (id) do update set
        status = excluded.status, asked_at = excluded.asked_at, system = excluded.system, subject_id = excluded.subject_id,
        target_id = excluded.target_id, state = excluded.state, active_at = excluded.active_at,
        expires_at = excluded.expires_at, ending_since = excluded.ending_since, revoke_reason = excluded.revoke_reason, revoked_at = excluded.revoked_at,
        revoke_attempts = excluded.revoke_attempts, last_error = excluded.last_error,
        last_used_at = excluded.last_used_at, is_standing = excluded.is_standing, is_left = excluded.is_left,
        vanished_at = excluded.vanished_at, handover = excluded.handover)`;

const owed = (rows: string): Prisma.Sql => Prisma.sql`,
    owed as (
      insert into effects (id, request_id, grant_id, kind, queue, lane, payload, due_at)
      select f.id, changed.id, f."grantId", f.kind, f.queue, f.lane, f.payload, f."dueAt"
      from changed join rows from (jsonb_to_recordset(${rows}::jsonb) as (
        id uuid, "requestId" uuid, "grantId" uuid, kind text, queue text, lane text, payload jsonb,
        "dueAt" timestamptz)) with ordinality as f(
        id, "requestId", "grantId", kind, queue, lane, payload, "dueAt", place) on f."requestId" = changed.id
      order by f.place)`;

/** An effect with the id it is recorded under. */
export type IdentifiedEffect = OwedEffect & { readonly effect: Effect };

export function withIds(effects: readonly Effect[]): readonly IdentifiedEffect[] {
  return effects.map((effect) => ({
    id: uuidv7(),
    queue: effectDefinitions[effect.kind].queue,
    dueAt: effect.dueAt,
    effect,
  }));
}

/** Converts an effect to a row for `consequences`. */
export function effectRow(
  { id, queue, effect }: IdentifiedEffect,
  request: State["request"],
): Record<string, unknown> {
  const { kind, dueAt, ...fields } = effect;
  const { grantId, ...payload } = { grantId: undefined, ...fields };
  const { lane, ...said } = placeOf(effect, request);
  return {
    id,
    requestId: request.id,
    queue,
    kind,
    lane,
    dueAt,
    grantId: grantId ?? null,
    payload: { ...payload, ...said },
  };
}
