import { z } from "zod";
import { PeopleChanged } from "../../identity/people.ts";
import { nameKey } from "../../identity/recognise.ts";
import { dropCachedPeople, type Known, type Statements, type Whose } from "./people-memory.ts";
import { createKey, markOf, sealValue } from "../personal/cipher.ts";

/** The kinds of names a person has, as the audit was signed with them: on a chat surface (`slack_id`: an account on any), and at a provider (`subject`). */
export const personalKinds = ["email", "slack_id", "name", "subject"] as const;
export type PersonalKind = (typeof personalKinds)[number];

/** One of a person's names. */
export type PersonalValue = {
  readonly whose: Whose;
  readonly kind: PersonalKind;
  readonly value: string;
};

/** A person who is not in this process's cache, with their names. */
export type Stranger = readonly [Whose, readonly PersonalValue[]];
type ByName = readonly [string, readonly PersonalValue[]];

export function isByName(stranger: Stranger): stranger is ByName {
  return typeof stranger[0] === "string";
}

type ByNumber = readonly [number, readonly PersonalValue[]];

export function isByNumber(stranger: Stranger): stranger is ByNumber {
  return typeof stranger[0] === "number";
}

const hex = z.string().transform((text) => Buffer.from(text, "hex"));
const stored = z.array(z.object({ id: z.number(), mark: z.string() }));
const Met = z.array(z.object({ called: z.string(), id: z.number(), key: hex, values: stored }));

/** Finds people by the account or address they go by now, or creates them with their names; in one statement. */
export async function meet(
  db: Statements,
  strangers: readonly ByName[],
  remembered: Map<Whose, Known>,
): Promise<void> {
  if (strangers.length === 0) return;
  const offered = strangers.map(([called, values]) => {
    const key = createKey();
    return {
      called,
      ...nameKey(called),
      key: key.toString("hex"),
      values: values.map((each) => rowOf(key, each)),
    };
  });
  const rows: unknown = await db.$queryRaw`
    with asked as (
      select * from jsonb_to_recordset(${JSON.stringify(offered)}::jsonb) as o(
        called text, kind text, name text, key text, values jsonb)),
    offered as (
      select nextval(pg_get_serial_sequence('people', 'id'))::int as id, o.* from (
        select distinct on (kind, name) * from asked a
        where not exists (
          select from person_names n where n.kind = a.kind and n.name = a.name and n.until is null)
        order by kind, name) o),
    named as (
      insert into person_names (person_id, kind, name, since)
      select id, kind, name, clock_timestamp() from offered order by kind, name
      on conflict (kind, name) where until is null do nothing returning person_id, kind, name),
    met as (
      insert into people (id, key) select id, decode(key, 'hex') from offered
      where id in (select person_id from named) returning id, key),
    valued as (
      insert into personal_values (person_id, kind, mark, ciphertext)
      select m.id, v.kind, decode(v.mark, 'hex'), decode(v.ciphertext, 'hex')
      from met m join offered o using (id),
           jsonb_to_recordset(o.values) as v(kind text, mark text, ciphertext text)
      on conflict (person_id, mark) do nothing returning id, person_id, mark)
    select a.called, p.id, encode(p.key, 'hex') as key,
           coalesce(jsonb_agg(jsonb_build_object('id', v.id, 'mark', encode(v.mark, 'hex'))) filter (where v.id is not null), '[]') as values
    from asked a
    join (select n.kind, n.name, m.id, m.key from named n join met m on m.id = n.person_id
          union all
          select n.kind, n.name, q.id, q.key from person_names n join people q on q.id = n.person_id
          where n.until is null and q.key is not null) p on p.kind = a.kind and p.name = a.name
    left join (select * from valued union all select id, person_id, mark from personal_values) v on v.person_id = p.id
    group by a.called, p.id, p.key`;
  const valuesOf = new Map(strangers);
  for (const { called, ...met } of Met.parse(rows))
    remembered.set(called, knownBy(met, valuesOf.get(called) ?? []));
}

/**
 * Throws `PeopleChanged` when an account given with a person's number is somebody else's: the number may have been read
 * before this process dropped its cached identities, and be used after it.
 */
export async function insistOnAccounts(db: Statements, missing: readonly PersonalValue[]): Promise<void> {
  const told = missing.flatMap(({ whose, kind, value }) =>
    typeof whose === "number" && kind === "slack_id" ? [{ person: whose, name: value }] : [],
  );
  if (told.length === 0) return;
  const rows = await db.$queryRaw<unknown[]>`
    select 1 as others from jsonb_to_recordset(${JSON.stringify(told)}::jsonb) as o(person int, name text)
    join person_names n on n.kind = 'account' and n.name = o.name and n.until is null
    where n.person_id <> o.person limit 1`;
  if (rows.length === 0) return;
  dropCachedPeople(db);
  throw new PeopleChanged();
}

const Recalled = z.array(
  z.object({ id: z.number(), joined: z.number().nullable(), key: hex.nullable(), values: stored }),
);

/** Finds people by their numbers. Throws `PeopleChanged` when a number has been joined into another or erased. */
export async function recall(
  db: Statements,
  strangers: readonly ByNumber[],
  remembered: Map<Whose, Known>,
): Promise<void> {
  if (strangers.length === 0) return;
  const numbers = strangers.map(([number]) => number);
  const rows: unknown = await db.$queryRaw`
    select p.id, p.joined_into as joined, encode(p.key, 'hex') as key,
           (select coalesce(jsonb_agg(jsonb_build_object('id', v.id, 'mark', encode(v.mark, 'hex'))), '[]')
            from personal_values v where v.person_id = p.id) as values
    from people p where p.id = any (${numbers}::int[])`;
  const valuesOf = new Map(strangers);
  for (const { id, joined, key, values } of Recalled.parse(rows)) {
    if (joined !== null || key === null) {
      // Otherwise a caller who identifies the person again gets the same number from the cache.
      dropCachedPeople(db);
      throw new PeopleChanged();
    }
    remembered.set(id, knownBy({ id, key, values }, valuesOf.get(id) ?? []));
  }
}

/** A person's cache entry, with the row ids of these names. */
function knownBy(
  { id, key, values }: { readonly id: number; readonly key: Buffer; readonly values: z.infer<typeof stored> },
  called: readonly PersonalValue[],
): Known {
  const ids = new Map(values.map(({ id: valueId, mark }) => [mark, valueId]));
  const valueIds = new Map<string, number>();
  for (const { kind, value } of called) {
    const valueId = ids.get(markOf(key, kind, value).toString("hex"));
    if (valueId !== undefined) valueIds.set(nameOf(kind, value), valueId);
  }
  return { id, key, valueIds };
}

const Added = z.array(z.object({ id: z.number(), person_id: z.number(), mark: z.string() }));

/** Stores further names of people, or finds their rows if they are already stored. */
export async function add(
  db: Statements,
  missing: readonly PersonalValue[],
  remembered: ReadonlyMap<Whose, Known>,
): Promise<void> {
  const byRow = new Map<string, { readonly known: Known; readonly name: string }>();
  const rows = missing.flatMap(({ whose, kind, value }) => {
    const known = remembered.get(whose);
    if (!known) return [];
    const row = { person: known.id, ...rowOf(known.key, { whose, kind, value }) };
    byRow.set(`${known.id} ${row.mark}`, { known, name: nameOf(kind, value) });
    return [row];
  });
  const found: unknown = await db.$queryRaw`
    with offered as (
      select person, kind, decode(mark, 'hex') as mark, decode(ciphertext, 'hex') as ciphertext
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as o(person int, kind text, mark text, ciphertext text)),
    added as (
      insert into personal_values (person_id, kind, mark, ciphertext)
      select person, kind, mark, ciphertext from offered order by person, mark
      on conflict (person_id, mark) do nothing returning id, person_id, mark)
    select id, person_id, encode(mark, 'hex') as mark from added
    union
    select v.id, v.person_id, encode(v.mark, 'hex') from personal_values v join offered o on o.person = v.person_id and o.mark = v.mark`;
  for (const { id, person_id: person, mark } of Added.parse(found)) {
    const row = byRow.get(`${person} ${mark}`);
    row?.known.valueIds.set(row.name, id);
  }
}

function rowOf(
  key: Buffer,
  { kind, value }: PersonalValue,
): { readonly kind: string; readonly mark: string; readonly ciphertext: string } {
  const mark = markOf(key, kind, value);
  const ciphertext = sealValue(key, mark, value);
  return { kind, mark: mark.toString("hex"), ciphertext: ciphertext.toString("hex") };
}

/** The cache key of a value's row. */
export function nameOf(kind: PersonalKind, value: string): string {
  return `${kind} ${value}`;
}
