import { committing } from "../../crash-point.ts";
import type { CommandType } from "../../domain/command.ts";
import type { State } from "../../domain/state.ts";
import { heldPeriod } from "../../domain/grant/held-period.ts";
import { Prisma, type PrismaClient } from "../../generated/prisma/client.ts";
import { countApproval } from "./times-approved.ts";
import type { Clock } from "../database/clock.ts";
import { consequences, effectRow, withIds } from "./consequences.ts";
import { isAbout } from "./lockdowns.ts";
import { withRowsOf } from "./event-rows.ts";
import type { Claim } from "../effects/effects.ts";
import type { Settlement, Transition } from "./requests.ts";
import type { OwedEffect } from "../effects/effects.ts";

/** A request after a transition, and the effects that it owes. */
export type Recorded = { readonly state: State; readonly effects: readonly OwedEffect[] };

/**
 * Records a transition in one statement, if the request is still at the version it was decided on; returns the new
 * state. `undefined` after a lost race, with nothing written: somebody else was first, gave the requester other access
 * meanwhile, or locked down the person acting.
 */
export async function recordTransition(
  db: PrismaClient,
  clock: Clock,
  before: State,
  transition: Transition,
  command: CommandType,
): Promise<Recorded | undefined> {
  const [recorded] = await recordTransitions(db, clock, [{ before, transition, command }]);
  return recorded;
}

/** Records transitions of several requests, one of each, in one statement; each is recorded or not by its own version. */
export async function recordTransitions(
  db: PrismaClient,
  clock: Clock,
  all: readonly {
    readonly before: State;
    readonly transition: Transition;
    readonly command: CommandType;
  }[],
): Promise<readonly (Recorded | undefined)[]> {
  const [approval] = all.filter(isApproval);
  if (approval && all.length > 1) throw new Error("expected an approval to be recorded by itself");
  const personal = all.filter(({ transition }) => transition.unlessLockedDown !== undefined);
  if (personal.length > 0 && all.length > 1)
    throw new Error("expected what somebody does to be recorded by itself");
  const persons = personal.flatMap(({ transition }) => transition.unlessLockedDown ?? []);
  const owing = all.map(({ transition }) => withIds(transition.effects));
  const requests = all.map(({ before, transition: { next } }) => ({
    id: next.request.id,
    version: before.request.version,
    status: next.request.status,
    decisions: next.request.decisions,
    heldBefore: next.request.heldBefore,
    flags: next.request.flags,
    closedAt: next.request.closedAt,
    held: heldPeriod(next),
  }));
  const changes = {
    grants: all.flatMap(({ before, transition: { next } }) =>
      next.grants.filter((grant) => !before.grants.includes(grant)),
    ),
    effects: all.flatMap(({ transition: { next } }, index) =>
      (owing[index] ?? []).map((effect) => effectRow(effect, next.request)),
    ),
  };
  const settlements = all.flatMap(({ transition: { next, settles } }) =>
    settles ? [{ ...settles, effect: undefined, ...claimOf(settles), requestId: next.request.id }] : [],
  );
  const guarded = settlements.filter(({ onlyWhileHeld }) => onlyWhileHeld);
  const told = all.flatMap(({ transition: { events, next } }) =>
    events.map((event) => ({ event, context: next.request })),
  );
  const rows = await withRowsOf(db, told, (events, insist) =>
    committing(
      new Set(all.map(({ command }) => command)),
      () => db.$queryRaw<{ id: string }[]>`
    with ${approval ? countApproval(approval.before.request.requester.id, approval.transition.approvalsSeen) : Prisma.empty}
    decided as (
      select * from jsonb_to_recordset(${JSON.stringify(requests)}::jsonb) as d(
        id uuid, version int, status text, decisions jsonb, "heldBefore" jsonb, flags jsonb, "closedAt" timestamptz, held jsonb)),
    ${guarded.length === 0 ? Prisma.empty : held(JSON.stringify(guarded))}
    ${all.length === 1 ? Prisma.empty : lockedInOrder}
    changed as (
      update access_requests r
      set version = r.version + 1, status = d.status, decisions = d.decisions, held_before = d."heldBefore",
          flags = d.flags, closed_at = d."closedAt", is_held = d.held is not null and d.held -> 'until' is null,
          held_since = (d.held ->> 'since')::timestamptz,
          held_until = (d.held ->> 'until')::timestamptz
      from decided d
      where r.id = d.id and r.version = d.version
        ${all.length === 1 ? Prisma.empty : Prisma.sql`and r.id in (select id from locked)`}
        ${approval ? Prisma.sql`and exists (select from counted)` : Prisma.empty}
        ${persons.length === 0 ? Prisma.empty : noneIsLockedDown(persons)}
        ${all.some(({ command }) => command === "approve") ? notLockedDown : Prisma.empty}
        ${guarded.length === 0 ? Prisma.empty : Prisma.sql`and r.id not in (select "requestId" from held where not "isHeld")`}
      returning r.id, r.number)
    ${consequences(changes, { events, insist })}
    ${settlements.length === 0 ? Prisma.empty : settled(clock, JSON.stringify(settlements))}
    select id from changed`,
    ),
  );
  const recorded = new Set(rows.map(({ id }) => id));
  return all.map(({ before, transition: { next } }, index) =>
    recorded.has(next.request.id)
      ? {
          state: {
            request: { ...next.request, version: before.request.version + 1 },
            grants: next.grants,
          },
          effects: owing[index] ?? [],
        }
      : undefined,
  );
}

function isApproval({
  before,
  transition,
}: {
  readonly before: State;
  readonly transition: Transition;
}): boolean {
  return before.request.status !== "approved" && transition.next.request.status === "approved";
}

function claimOf({ effect: { id, attempts } }: Settlement): Claim {
  return { id, attempts };
}

/** Checks lockdowns in the write itself: one that began after the people were read still stops the decision. */
const noneIsLockedDown = (persons: readonly number[]): Prisma.Sql => Prisma.sql`
        and not exists (select from lockdowns l where l.lifted_at is null and l.person_id = any (${[...persons]}::int[]))`;

/** The same for the request: one locked down after it was read is not approved. */
const notLockedDown = Prisma.sql`
        and not exists (select from lockdowns l where ${isAbout})`;

/** Locks rows in order, so that two statements with some of the same requests wait instead of deadlocking. */
const lockedInOrder = Prisma.sql`locked as (
      select r.id from access_requests r join decided d on d.id = r.id and d.version = r.version
      order by r.id for update of r),`;

/** Locks the effects we hold, so that nobody claims them before this commits; requests whose claim was lost are left out. */
const held = (rows: string): Prisma.Sql => Prisma.sql`
    claims as (select * from jsonb_to_recordset(${rows}::jsonb) as s("requestId" uuid, id uuid, attempts int)),
    ours as (
      select e.id from effects e join claims s on s.id = e.id
      where e.attempts = s.attempts and e.done_at is null
      order by e.id for update of e),
    held as (select s."requestId", s.id in (select id from ours) as "isHeld" from claims s),`;

const settled = (clock: Clock, rows: string): Prisma.Sql => Prisma.sql`,
    settled as (
      update effects e
      set done_at = case when s.done then ${clock.now} end, retry_at = case when s.done then e.retry_at else s."retryAt" end,
          locked_until = null, last_error = s.error
      from jsonb_to_recordset(${rows}::jsonb) as s(
        "requestId" uuid, id uuid, attempts int, done boolean, "retryAt" timestamptz, error text)
      join changed on changed.id = s."requestId"
      where e.id = s.id and e.attempts = s.attempts and e.done_at is null)`;
