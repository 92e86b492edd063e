import { v7 as uuidv7 } from "uuid";
import { z } from "zod";
import { committing } from "../../crash-point.ts";
import type { AuditEvent } from "../../domain/audit-event.ts";
import { Prisma, type PrismaClient } from "../../generated/prisma/client.ts";
import type { AccessRequest } from "../../domain/request/request.ts";
import type { Lockdown } from "../../policy/lockdown.ts";
import type { Clock } from "../database/clock.ts";
import { insertEvents, withEventRows } from "./event-rows.ts";
import { isOpen } from "./live-requests.ts";
import { termKey } from "./term-key.ts";

const words = { value: z.string(), reason: z.string() };
const Lockdowns = z.array(
  z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("person"), person: z.number(), ...words }),
    z.object({ kind: z.literal("resource"), ...words }),
  ]),
);

/** What is locked down, without the reason. */
export type Locked = DistributiveOmit<Lockdown, "reason">;
type DistributiveOmit<T, Key extends PropertyKey> = T extends unknown ? Omit<T, Key> : never;

/** Reads the lockdowns in force. */
export async function readLockdowns(db: PrismaClient): Promise<readonly Lockdown[]> {
  return Lockdowns.parse(
    await db.$queryRaw`
      select kind, value, person_id as person, reason from lockdowns where lifted_at is null order by locked_at`,
  );
}

/** What is recorded with the start or end of a lockdown, in the same statement. */
type Recorded = { readonly event: AuditEvent; readonly by: string; readonly dedupeKey?: string };

/** Starts a lockdown and records it; false when it is already in force: nothing is written then. */
export async function beginLockdown(
  db: PrismaClient,
  clock: Clock,
  { reason, ...locked }: Lockdown,
  { event, by, ...options }: Recorded,
): Promise<boolean> {
  const place = { ...options, from: Prisma.sql`begun` };
  const begun = await withEventRows(
    db,
    [event],
    undefined,
    (rows, insist) =>
      committing(
        "lockdown",
        () => db.$queryRaw<unknown[]>`
      with begun as (
        insert into lockdowns (id, kind, value, person_id, reason, locked_by, locked_at)
        values (${uuidv7()}::uuid, ${locked.kind}, ${locked.value}, ${whoNow(locked)}, ${reason}, ${by}, ${clock.now})
        on conflict do nothing
        returning id::text),
      logged as (${insertEvents(rows, insist, place)})
      select id from begun`,
      ),
    personsIn(locked),
  );
  return begun.length > 0;
}

/** Lifts a lockdown and records it; false when there is none: nothing is written then. */
export async function liftLockdown(
  db: PrismaClient,
  clock: Clock,
  locked: Locked,
  { event, by, ...options }: Recorded,
): Promise<boolean> {
  const place = { ...options, from: Prisma.sql`lifted` };
  const lifted = await withEventRows(
    db,
    [event],
    undefined,
    (rows, insist) =>
      committing(
        "lift",
        () => db.$queryRaw<unknown[]>`
      with lifted as (
        update lockdowns set lifted_by = ${by}, lifted_at = ${clock.now}
        where kind = ${locked.kind} and lifted_at is null
          and (case when kind = 'person' then person_id = ${whoNow(locked)} else value = ${locked.value} end)
        returning id::text),
      logged as (${insertEvents(rows, insist, place)})
      select id from lifted`,
      ),
    personsIn(locked),
  );
  return lifted.length > 0;
}

/** The person numbers that were read before this write, which has to check them. */
function personsIn(locked: Locked): readonly number[] {
  return locked.kind === "person" ? [locked.person] : [];
}

/** The person's number today, in case they were joined with somebody meanwhile. */
function whoNow(locked: Locked): Prisma.Sql {
  const person = locked.kind === "person" ? locked.person : null;
  return Prisma.sql`(select coalesce(joined_into, id) from people where id = ${person}::int)`;
}

/** Whether a lockdown `l` covers a request `r`. A lockdown of any resource in a bundle covers the bundle and its extensions. */
export const isAbout = Prisma.sql`
  l.lifted_at is null
  and ((l.kind = 'person' and l.person_id = r.requester_person)
    or (l.kind = 'resource'
      and (l.value = r.resource
        or exists (
          select from access_requests b, jsonb_array_elements(b.planned) p
          where b.id in (r.id, (r.terms -> ${Prisma.raw(termKey("extends"))} ->> ${Prisma.raw(termKey("requestId"))})::uuid)
            and split_part(p ->> 'access', ':', 1) = l.value))))`;

/** Whether a request that is not filed yet would be under a lockdown. */
export function isLockedDownAtFiling({ requester, resource, planned, terms }: AccessRequest): Prisma.Sql {
  const resources = [resource, ...planned.flatMap(({ access }) => access?.split(":", 1) ?? [])];
  const ofExtended = Prisma.sql`
    or l.value in (
      select split_part(p ->> 'access', ':', 1) from access_requests b, jsonb_array_elements(b.planned) p
      where b.id = ${terms.extends?.requestId ?? ""}::uuid)`;
  return Prisma.sql`
    exists (
      select from lockdowns l
      where l.lifted_at is null
        and ((l.kind = 'person' and l.person_id = ${requester.id})
          or (l.kind = 'resource'
            and (l.value = any (${resources}::text[]) ${terms.extends ? ofExtended : Prisma.empty}))))`;
}

/** Finds the lockdown that a request is under; `undefined` for none. */
export async function findLockdownOf(db: PrismaClient, requestId: string): Promise<Lockdown | undefined> {
  const rows = await db.$queryRaw`
    select l.kind, l.value, l.person_id as person, l.reason from lockdowns l join access_requests r on ${isAbout}
    where r.id = ${requestId}::uuid limit 1`;
  return Lockdowns.parse(rows)[0];
}

/** Finds the open requests under a lockdown. */
export async function findLockedRequests(db: PrismaClient): Promise<readonly string[]> {
  const rows = await db.$queryRaw<{ id: string }[]>`
    select r.id::text from lockdowns l join access_requests r on ${isAbout}
    where ${isOpen}
    order by r.number`;
  return rows.map(({ id }) => id);
}
