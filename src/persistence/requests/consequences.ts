import { v7 as uuidv7 } from "uuid";
import type { State } from "../../domain/state.ts";
import { type Effect, effectDefinitions, placeOf } from "../../domain/effect.ts";
import { Prisma } from "../../generated/prisma/client.ts";
import { type EventRow, insertEvents } from "./event-rows.ts";
import { grantColumns } from "./grant-columns.ts";
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
      insert into grants (${grantColumns.inserted})
      select ${grantColumns.selected}
      from changed join jsonb_to_recordset(${rows}::jsonb) as g(${grantColumns.typed}) on g."requestId" = changed.id
      on conflict (id) do update set ${grantColumns.updated})`;

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
