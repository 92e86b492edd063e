import type { AuditEvent } from "../../domain/audit-event.ts";
import type { NameKey } from "../../identity/recognise.ts";
import { advisoryLocks } from "../database/advisory-locks.ts";
import type { Clock } from "../database/clock.ts";
import { insertEvents, withEventRows } from "../requests/event-rows.ts";
import type { Statements } from "./people-memory.ts";
import { createKey } from "../personal/cipher.ts";

/** Keeps others from changing who is who until the transaction ends. */
export async function lockPeople(tx: Statements): Promise<void> {
  await tx.$queryRaw`select 1 as locked from pg_advisory_xact_lock(${advisoryLocks.people}::bigint)`;
}

export async function nowIn(tx: Statements, clock: Clock): Promise<Date> {
  const [row] = await tx.$queryRaw<{ now: Date }[]>`select ${clock.now} as now`;
  return row?.now ?? new Date();
}

/** Records an event in the transaction of the change it is about. */
export async function recordWithin(tx: Statements, event: AuditEvent): Promise<void> {
  await withEventRows(
    tx,
    [event],
    undefined,
    (rows, insist) => tx.$executeRaw`${insertEvents(rows, insist)}`,
  );
}

/** Tells all processes that their cached identities are outdated. */
export async function noteChange(
  tx: Statements,
  clock: Clock,
  change: "joined" | "passed" | "split",
  person: number,
  other: number,
): Promise<void> {
  await tx.$executeRaw`
    insert into person_changes (at, change, person_id, other_id) values (${clock.now}, ${change}, ${person}, ${other})`;
}

/** Gives these names to a person, whoever had them; to a new one where no person is given. Returns the person's number. */
export async function takeNames(
  tx: Statements,
  clock: Clock,
  names: readonly NameKey[],
  person: number | undefined,
): Promise<number> {
  const id = person ?? (await createPerson(tx));
  await tx.$executeRaw`
    update person_names n set until = ${clock.now}
    from jsonb_to_recordset(${JSON.stringify(names)}::jsonb) as o(kind text, name text)
    where n.kind = o.kind and n.name = o.name and n.until is null and n.person_id <> ${id}`;
  await tx.$executeRaw`
    insert into person_names (person_id, kind, name, since)
    select ${id}, o.kind, o.name, ${clock.now}
    from jsonb_to_recordset(${JSON.stringify(names)}::jsonb) as o(kind text, name text)
    on conflict (kind, name) where until is null do nothing`;
  return id;
}

async function createPerson(tx: Statements): Promise<number> {
  const key = createKey().toString("hex");
  const [row] = await tx.$queryRaw<{ id: number }[]>`
    insert into people (key) values (decode(${key}, 'hex')) returning id`;
  if (!row) throw new Error("no person was created");
  return row.id;
}

/** Finds the requests of either person that the other decided about, by name. */
export async function decidedBetween(tx: Statements, one: number, other: number): Promise<readonly string[]> {
  const rows = await tx.$queryRaw<{ name: string }[]>`
    select 'AR-' || number as name from access_requests
    where (requester_person = ${one} and decisions @> jsonb_build_array(jsonb_build_object('person', ${other}::int)))
       or (requester_person = ${other} and decisions @> jsonb_build_array(jsonb_build_object('person', ${one}::int)))
    order by number`;
  return rows.map(({ name }) => name);
}

/** Moves whatever is the person's `from` to `into`. What the audit says of both stays as it was written. */
export async function joinPeople(
  tx: Statements,
  clock: Clock,
  { into, from }: { readonly into: number; readonly from: number },
): Promise<void> {
  const names = await tx.$queryRaw<NameKey[]>`
    select kind, name from person_names where person_id = ${from} and until is null`;
  const gone = await tx.$queryRaw<{ name: string }[]>`
    select name from person_names where person_id = ${from} and until is null and gone_since is not null`;
  await takeNames(tx, clock, names, into);
  await tx.$executeRaw`
    update person_names set gone_since = ${clock.now}
    where person_id = ${into} and until is null and kind = 'account' and name = any (${gone.map(({ name }) => name)}::text[])`;
  await tx.$executeRaw`update people set joined_into = ${into} where id = ${from} or joined_into = ${from}`;
  // Until the commit, nothing may be filed or decided by a process that does not know of the change.
  await tx.$executeRaw`lock table access_requests, lockdowns in share row exclusive mode`;
  await tx.$executeRaw`
    update access_requests set version = version + 1, requester_person = ${into} where requester_person = ${from}`;
  await renumberDecisions(tx, { into, from });
  await tx.$executeRaw`
    with taken as (delete from requesters where person_id = ${from} returning approvals)
    insert into requesters (person_id, approvals) select ${into}, approvals from taken
    on conflict (person_id) do update set approvals = requesters.approvals + excluded.approvals`;
  // Keep one lockdown per person.
  await tx.$executeRaw`
    update lockdowns set lifted_at = ${clock.now}, lifted_by = 'hallpass'
    where person_id = ${from} and lifted_at is null
      and exists (select from lockdowns o where o.person_id = ${into} and o.lifted_at is null)`;
  await tx.$executeRaw`update lockdowns set person_id = ${into} where person_id = ${from}`;
}

async function renumberDecisions(
  tx: Statements,
  { into, from }: { readonly into: number; readonly from: number },
): Promise<void> {
  await tx.$executeRaw`
    update access_requests r
    set version = version + 1, decisions = (
      select jsonb_agg(case when d @> jsonb_build_object('person', ${from}::int)
                            then d || jsonb_build_object('person', ${into}::int) else d end order by place)
      from jsonb_array_elements(r.decisions) with ordinality as e(d, place))
    where decisions @> jsonb_build_array(jsonb_build_object('person', ${from}::int))`;
}
