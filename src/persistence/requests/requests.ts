import { z } from "zod";
import { committing } from "../../crash-point.ts";
import type { AuditEvent } from "../../domain/audit-event.ts";
import type { State } from "../../domain/state.ts";
import type { Effect } from "../../domain/effect.ts";
import { heldPeriod } from "../../domain/grant/held-period.ts";
import { Prisma, type PrismaClient } from "../../generated/prisma/client.ts";
import { countApproval } from "./times-approved.ts";
import type { Clock } from "../database/clock.ts";
import { consequences, effectRow, withIds } from "./consequences.ts";
import type { Claim, OwedEffect } from "../effects/effects.ts";
import { withRowsOf } from "./event-rows.ts";
import { isLockedDownAtFiling } from "./lockdowns.ts";
import { countPending } from "./pending-count.ts";
import { StateRow } from "./rows.ts";

/**
 * What becomes of the effect that brought a command, in the same statement as the transition. If the claim has passed
 * to another worker, the effect is left alone, but the transition is still recorded: the outcome is a fact.
 */
export type Settlement = {
  readonly effect: Claim;
  /**
   * Record only while the claim is held: for a transition that states no outcome in the outside world, or whose work
   * may be done twice but must be recorded once.
   */
  readonly onlyWhileHeld?: true;
} & ({ readonly done: true } | { readonly done: false; readonly retryAt: Date; readonly error: string });

export type Transition = {
  readonly next: State;
  readonly events: readonly AuditEvent[];
  readonly effects: readonly Effect[];
  readonly settles?: Settlement;
  /**
   * The requester's number of approvals when this was judged; a transition that gives access is recorded only if it is
   * unchanged.
   */
  readonly approvalsSeen?: number | undefined;
  /** Recorded only while none of these people is locked down: the person acting, and those whose word it rests on. */
  readonly unlessLockedDown?: readonly number[];
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

/** Reads many requests like `readState`, in the order of the ids. */
export async function readStates(
  db: PrismaClient,
  clock: Clock,
  requestIds: readonly string[],
): Promise<readonly ({ readonly state: State; readonly now: Date } | undefined)[]> {
  const rows = await db.$queryRaw<unknown[]>`
    select to_jsonb(r) as request,
           (select coalesce(jsonb_agg(to_jsonb(g) order by g.id), '[]') from grants g where g.request_id = r.id) as grants,
           ${clock.now} as now
    from access_requests r where r.id = any (${requestIds}::uuid[])`;
  const read = z.array(StateRow).parse(rows);
  const [first] = read;
  if (first) clock.learn(first.now);
  const byId = new Map(read.map((each) => [each.state.request.id, each]));
  return requestIds.map((id) => byId.get(id));
}

/** The database's time; queried only when it is not known to the millisecond or so. */
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

/** The result of recording a new request. */
export type Recorded =
  | { readonly is: "recorded"; readonly number: number; readonly effects: readonly OwedEffect[] }
  /** An identical request by the same requester is already pending. */
  | { readonly is: "waits_already"; readonly number: number }
  | { readonly is: "too_many"; readonly waiting: number }
  /** The requester or the resource is locked down, whatever the caller had read about that. */
  | { readonly is: "locked_down" }
  /**
   * A lost race: a request with this dedupe key, or an extension of the same request at the same place, was already
   * filed; or this one gives access, and the requester was given other access meanwhile.
   */
  | { readonly is: "late" };

type FiledRow = {
  readonly number: number | null;
  readonly waiting: number;
  readonly same: number | null;
  readonly locked: boolean;
};

/**
 * Records a new request with its events and effects in one statement; writes nothing if the request is not recorded.
 * `maxPending`: how many requests of one requester may be pending, including this one.
 */
export async function recordNew(
  db: PrismaClient,
  transition: Transition,
  { dedupeKey, maxPending }: { readonly dedupeKey: string | undefined; readonly maxPending: number },
): Promise<Recorded> {
  const { request } = transition.next;
  const gives = request.status === "approved";
  const waits = request.status === "pending";
  const isRefused = request.status === "refused";
  const held = heldPeriod(transition.next);
  const mayBeAnother = request.terms.extends !== undefined;
  const effects = withIds(transition.effects);
  const changes = {
    grants: transition.next.grants,
    effects: effects.map((effect) => effectRow(effect, request)),
  };
  const told = transition.events.map((event) => ({ event, context: request }));
  const rows = await withRowsOf(db, told, (events, insist) =>
    committing(
      "file",
      () => db.$queryRaw<FiledRow[]>`
    with barred as materialized (
      select ${isRefused ? Prisma.sql`false` : isLockedDownAtFiling(request)} as locked),
    ${gives ? countApproval(request.requester.id, transition.approvalsSeen) : Prisma.empty}
    ${waits ? countPending(request) : Prisma.empty}
    changed as (
      insert into access_requests (
        id, version, status, dedupe_key, source, requester_email, requester_name, requester_account, requester_person,
        resource, role,
        duration_seconds, reason, ticket, policy_version, rule, terms, planned, decisions, created_at, respond_by, closed_at,
        is_held, held_since)
      select
        ${request.id}::uuid, 1, ${request.status}, ${dedupeKey ?? null}, ${request.source}, ${request.requester.email},
        ${request.requester.name}, ${request.requester.account ?? null}, ${request.requester.id}, ${request.resource},
        ${request.role}, ${request.durationSeconds}, ${request.reason}, ${request.ticket ?? null}, ${request.policyVersion},
        ${request.rule ?? null}, ${JSON.stringify(request.terms)}::jsonb, ${JSON.stringify(request.planned)}::jsonb,
        ${JSON.stringify(request.decisions)}::jsonb, ${request.createdAt}, ${request.respondBy ?? null},
        ${request.closedAt ?? null}::timestamptz, ${held !== undefined}, ${held?.since ?? null}::timestamptz
      from barred
      ${gives ? Prisma.sql`, counted` : Prisma.empty}
      ${waits ? Prisma.sql`, pending` : Prisma.empty}
      where not locked
        ${waits ? Prisma.sql`and waiting < ${maxPending} and (same is null or ${mayBeAnother})` : Prisma.empty}
      on conflict do nothing
      returning id, number)
    ${consequences(changes, { events, insist })}
    ${waits ? Prisma.sql`select number, waiting, same, locked from barred, pending left join changed on true` : Prisma.sql`select number, 0 as waiting, null as same, locked from barred left join changed on true`}`,
    ),
  );
  const [row] = rows;
  if (row && row.number !== null) return { is: "recorded", number: row.number, effects };
  if (row?.locked) return { is: "locked_down" };
  if (row && row.same !== null && !mayBeAnother) return { is: "waits_already", number: row.same };
  if (row && row.waiting >= maxPending) return { is: "too_many", waiting: row.waiting };
  return { is: "late" };
}
