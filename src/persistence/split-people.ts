import { Prisma } from "../generated/prisma/client.ts";
import type { NameKey } from "../identity/recognise.ts";
import type { Clock } from "./clock.ts";
import { takeNames } from "./join-people.ts";
import type { Statements } from "./people.ts";

/** Why people cannot be split. */
export type SplitRefusal = "not_theirs" | "nothing_left";

type Split = { readonly person: number; readonly names: readonly NameKey[] };

/**
 * From now on somebody else goes by these names of a person's: who once did, where the person turned out to be them too; else
 * somebody new. What was filed and decided under these accounts, or under these addresses without one, is theirs. Resolves with
 * their number.
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
  // Nothing is filed or decided meanwhile by who does not know of it.
  await tx.$executeRaw`lock table access_requests, lockdowns in share row exclusive mode`;
  const isTheirs = (slackId: Prisma.Sql, email: Prisma.Sql): Prisma.Sql => Prisma.sql`
    exists (select from jsonb_to_recordset(${named}::jsonb) as o(kind text, name text)
            where (o.kind = 'slack_id' and o.name = ${slackId})
               or (o.kind = 'email' and ${slackId} is null and o.name = lower(${email})))`;
  await tx.$executeRaw`
    update access_requests set version = version + 1, requester_person = ${other}
    where requester_person = ${person}
      and ${isTheirs(Prisma.sql`requester_slack_id`, Prisma.sql`requester_email`)}`;
  await tx.$executeRaw`
    update access_requests r
    set version = version + 1, decisions = (
      select jsonb_agg(case when d @> jsonb_build_object('person', ${person}::int)
                             and ${isTheirs(Prisma.sql`(d ->> 'slackId')`, Prisma.sql`(d ->> 'email')`)}
                            then d || jsonb_build_object('person', ${other}::int) else d end order by place)
      from jsonb_array_elements(r.decisions) with ordinality as e(d, place))
    where decisions @> jsonb_build_array(jsonb_build_object('person', ${person}::int))`;
  await tx.$executeRaw`
    update lockdowns set person_id = ${other}
    where person_id = ${person} and lower(value) in (
      select name from jsonb_to_recordset(${named}::jsonb) as o(kind text, name text))`;
  return { other };
}

/** Who went by these names before they turned out to be this person; `undefined` where nobody went by all of them. */
async function findOrigin(tx: Statements, person: number, named: string): Promise<number | undefined> {
  const rows = await tx.$queryRaw<{ id: number }[]>`
    select p.id from people p
    where p.joined_into = ${person} and p.key is not null and not exists (
      select from jsonb_to_recordset(${named}::jsonb) as o(kind text, name text)
      where not exists (
        select from person_names n where n.person_id = p.id and n.kind = o.kind and n.name = o.name))
    order by p.id limit 1`;
  return rows[0]?.id;
}
