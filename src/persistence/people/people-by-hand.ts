import { z } from "zod";
import type { PrismaClient } from "../../generated/prisma/client.ts";
import { type NameKey, nameKey } from "../../identity/recognise.ts";
import type { Clock } from "../database/clock.ts";
import { decidedBetween, joinPeople, lockPeople, noteChange, nowIn, recordWithin } from "./join-people.ts";
import type { Statements } from "./people-memory.ts";
import { type SplitRefusal, splitPeople } from "./split-people.ts";

const instant = z.coerce.date();
const Described = z.object({
  id: z.number(),
  erasedAt: instant.nullable(),
  joined: z.array(z.number()),
  names: z.array(
    z.object({
      kind: z.enum(["account", "email"]),
      name: z.string(),
      since: instant,
      until: instant.nullable(),
      goneSince: instant.nullable(),
      /** The person who goes by it today, if that is somebody else. */
      now: z.number().nullable(),
    }),
  ),
});

/** What is known about who a person is. */
export type DescribedPerson = Readonly<z.infer<typeof Described>>;

/** Describes the person who goes by an account or an address now, or has this number; `undefined` when there is none. */
export async function describePerson(
  db: Statements,
  called: string | number,
): Promise<DescribedPerson | undefined> {
  const { kind, name } = nameKey(String(called));
  const rows = await db.$queryRaw<unknown[]>`
    with named as (
      select ${typeof called === "number" ? called : null}::int as id
      union all
      select person_id from person_names where kind = ${kind} and name = ${name} and until is null),
    one as (select distinct coalesce(p.joined_into, p.id) as id from people p join named using (id))
    select p.id, p.erased_at as "erasedAt",
           array(select o.id from people o where o.joined_into = p.id order by o.id) as joined,
           (select coalesce(jsonb_agg(jsonb_build_object(
               'kind', n.kind, 'name', n.name, 'since', n.since, 'until', n.until, 'goneSince', n.gone_since,
               'now', (select o.person_id from person_names o
                       where o.kind = n.kind and o.name = n.name and o.until is null and o.person_id <> p.id))
               order by n.until is not null, n.kind = 'account', n.name, n.id), '[]')
            from person_names n where n.person_id = p.id) as names
    from people p join one using (id)`;
  return rows[0] === undefined ? undefined : Described.parse(rows[0]);
}

/** Why two people cannot be joined: they are one already, or one of them is erased. */
export type JoinRefusal =
  { readonly kind: "same"; readonly person: number } | { readonly kind: "erased"; readonly person: number };

/** The number that stands for both, and the requests of one that the other had decided about. */
export type Joined = { readonly person: number; readonly requests: readonly string[] };

/**
 * Joins two people because an operator says so, and records it. Either may have been joined with somebody else since
 * they were looked up.
 */
export async function joinByHand(
  db: PrismaClient,
  clock: Clock,
  one: number,
  other: number,
): Promise<Joined | { readonly refusal: JoinRefusal }> {
  return changeByHand(db, async (tx) => {
    const now = await whoNow(tx, [one, other]);
    const erased = now.find(({ isErased }) => isErased);
    if (erased) return { refusal: { kind: "erased", person: erased.id } };
    const [into, from] = now.map(({ id }) => id);
    if (into === undefined) throw new Error(`no person ${one} or ${other}`);
    if (from === undefined) return { refusal: { kind: "same", person: into } };
    const requests = await decidedBetween(tx, into, from);
    await joinPeople(tx, clock, { into, from });
    const [address] = await tx.$queryRaw<{ name: string }[]>`
      select name from person_names where person_id = ${into} and until is null order by kind = 'account', name limit 1`;
    await recordWithin(tx, {
      type: "person.joined",
      at: await nowIn(tx, clock),
      actor: { kind: "hallpass" },
      data: { person: into, other: from, address: address?.name ?? "", requests: [...requests], via: "cli" },
    });
    await noteChange(tx, clock, "joined", into, from);
    return { person: into, requests };
  });
}

/** Who these people are today, each once. */
function whoNow(
  tx: Statements,
  numbers: readonly number[],
): Promise<readonly { readonly id: number; readonly isErased: boolean }[]> {
  return tx.$queryRaw`
    select distinct now.id, now.key is null as "isErased"
    from people p join people now on now.id = coalesce(p.joined_into, p.id)
    where p.id = any (${[...numbers]}::int[]) order by now.id`;
}

/** Splits a person because an operator says so, and records it. Returns the number of the other. */
export async function splitByHand(
  db: PrismaClient,
  clock: Clock,
  split: { readonly person: number; readonly names: readonly NameKey[] },
): Promise<{ readonly other: number } | { readonly refusal: SplitRefusal }> {
  return changeByHand(db, async (tx) => {
    const result = await splitPeople(tx, clock, split);
    if ("refusal" in result) return result;
    const { person, names } = split;
    const { other } = result;
    await recordWithin(tx, {
      type: "person.split",
      at: await nowIn(tx, clock),
      actor: { kind: "hallpass" },
      data: { person, other, names: names.map(({ name }) => name), via: "cli" },
    });
    await noteChange(tx, clock, "split", person, other);
    return result;
  });
}

function changeByHand<T>(db: PrismaClient, work: (tx: Statements) => Promise<T>): Promise<T> {
  return db.$transaction(
    async (tx) => {
      await lockPeople(tx);
      return work(tx);
    },
    { timeout: 60_000 },
  );
}
