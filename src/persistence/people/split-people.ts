import { Prisma } from "../../generated/prisma/client.ts";
import type { NameKey } from "../../identity/recognise.ts";
import type { Clock } from "../database/clock.ts";
import { takeNames } from "./join-people.ts";
import type { Statements } from "./people-memory.ts";

/** Why people cannot be split. */
export type SplitRefusal = "not_theirs" | "nothing_left";

type Split = { readonly person: number; readonly names: readonly NameKey[] };

/**
 * Gives these names of a person to somebody else: to the one who had them before being joined with this person, else to
 * a new person. What was filed and decided under these accounts, or under these addresses without an account, becomes
 * theirs. Returns the number of the other.
 */
export async function splitPeople(
  tx: Statements,
  clock: Clock,
  split: Split,
): Promise<{ readonly other: number } | { readonly refusal: SplitRefusal }> {
  const { person, names } = split;
  const named = JSON.stringify(names);
  const [count] = await tx.$queryRaw<{ all: number; theirs: number }[]>`
    select count(*)::int as all, count(o.name)::int as theirs
    from person_names n
    left join jsonb_to_recordset(${named}::jsonb) as o(kind text, name text) on o.kind = n.kind and o.name = n.name
    where n.person_id = ${person} and n.until is null`;
  if (names.length === 0 || count?.theirs !== names.length) return { refusal: "not_theirs" };
  if (count.all === names.length) return { refusal: "nothing_left" };
  const other = await takeNames(tx, clock, names, await findOrigin(tx, person, named));
  await tx.$executeRaw`update people set joined_into = null where id = ${other} and joined_into is not null`;
  // People joined into this person, and whose names are all the other's now, belong to the other.
  await tx.$executeRaw`
    update people p set joined_into = ${other}
    where p.joined_into = ${person} and exists (select from person_names n where n.person_id = p.id) and not exists (
      select from person_names n where n.person_id = p.id and not exists (
        select from person_names o
        where o.person_id = ${other} and o.until is null and o.kind = n.kind and o.name = n.name))`;
  // Until the commit, nothing may be filed or decided by a process that does not know of the change.
  await tx.$executeRaw`lock table access_requests, lockdowns in share row exclusive mode`;
  const isTheirs = (account: Prisma.Sql, email: Prisma.Sql): Prisma.Sql => Prisma.sql`
    exists (select from jsonb_to_recordset(${named}::jsonb) as o(kind text, name text)
            where (o.kind = 'account' and o.name = ${account})
               or (o.kind = 'email' and ${account} is null and o.name = lower(${email})))`;
  await tx.$executeRaw`
    update access_requests set version = version + 1, requester_person = ${other}
    where requester_person = ${person}
      and ${isTheirs(Prisma.sql`requester_account`, Prisma.sql`requester_email`)}`;
  await tx.$executeRaw`
    update access_requests r
    set version = version + 1, decisions = (
      select jsonb_agg(case when d @> jsonb_build_object('person', ${person}::int)
                             and ${isTheirs(Prisma.sql`(d ->> 'account')`, Prisma.sql`(d ->> 'email')`)}
                            then d || jsonb_build_object('person', ${other}::int) else d end order by place)
      from jsonb_array_elements(r.decisions) with ordinality as e(d, place))
    where decisions @> jsonb_build_array(jsonb_build_object('person', ${person}::int))`;
  await keepLockedDown(tx, person, { other, named });
  return { other };
}

/** A split frees nobody: a lockdown of the person applies to both from now on, and an admin lifts what is too much. */
async function keepLockedDown(
  tx: Statements,
  person: number,
  { other, named }: { readonly other: number; readonly named: string },
): Promise<void> {
  // Under a name of each, so that it can be lifted by that name.
  const valueFor = (who: number): Prisma.Sql => Prisma.sql`
    case when exists (select from person_names n
                      where n.person_id = ${who} and n.until is null and lower(n.name) = lower(l.value))
         then l.value
         else (select n.name from person_names n
               where n.person_id = ${who} and n.until is null order by n.kind = 'account', n.name limit 1) end`;
  await tx.$executeRaw`
    insert into lockdowns (id, kind, value, person_id, reason, locked_by, locked_at)
    select gen_random_uuid(), kind, ${valueFor(other)}, ${other}, reason, locked_by, locked_at
    from lockdowns l where person_id = ${person} and lifted_at is null
    on conflict do nothing`;
  await tx.$executeRaw`
    update lockdowns l set value = ${valueFor(person)} where person_id = ${person} and lifted_at is null`;
  await tx.$executeRaw`
    update lockdowns set person_id = ${other}
    where person_id = ${person} and lifted_at is not null and lower(value) in (
      select lower(name) from jsonb_to_recordset(${named}::jsonb) as o(kind text, name text))`;
}

/**
 * Finds who had these names before being joined into this person, as far as joins tell: for each name, the last who got
 * it otherwise than by a join; of those, the one who had all of them. `undefined` when that is nobody, or the person
 * themselves.
 */
async function findOrigin(tx: Statements, person: number, named: string): Promise<number | undefined> {
  const rows = await tx.$queryRaw<{ id: number }[]>`
    with named as (select * from jsonb_to_recordset(${named}::jsonb) as o(kind text, name text)),
    held as (
      select kind, name, n.id, n.person_id, lag(n.person_id) over (partition by kind, name order by n.id) as before,
             n.id = min(n.id) over (partition by kind, name, n.person_id) as is_first
      from person_names n join named using (kind, name)),
    origin as (
      select distinct on (kind, name) person_id as id from held h
      where is_first and not exists (
        select from person_changes c
        where c.change = 'joined' and c.person_id = h.person_id and c.other_id = h.before)
      order by kind, name, h.id desc)
    select p.id from people p join (select distinct id from origin) o using (id)
    where p.joined_into = ${person} and p.key is not null
      and (select count(distinct (kind, name)) from held h where h.person_id = p.id) = (select count(*) from named)
    order by (select max(c.id) from person_changes c where c.change = 'joined' and c.other_id = p.id) desc limit 1`;
  return rows[0]?.id;
}
