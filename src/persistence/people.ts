import { z } from "zod";
import type { PrismaClient } from "../generated/prisma/client.ts";
import { PeopleChanged } from "../identity/people.ts";
import { nameKey } from "../identity/recognise.ts";
import { messageOf } from "./database.ts";
import { createKey, markOf, sealText, sealValue, textKeyOf } from "./personal-cipher.ts";
import { textToken, valueToken } from "./personal-token.ts";

/** What somebody is called: in Slack, and by a provider (`subject`). */
export const personalKinds = ["email", "slack_id", "name", "subject"] as const;
export type PersonalKind = (typeof personalKinds)[number];

/** Whose something is: a person's number, or an account or address that somebody goes by now. */
export type Whose = number | string;

/** Something that one person is called. */
export type PersonalValue = {
  readonly whose: Whose;
  readonly kind: PersonalKind;
  readonly value: string;
};

/** Puts tokens in the place of what is personal. */
export type Sealer = {
  value(personal: PersonalValue): string;
  /** A text that these people wrote or that is about them; it ends with the first of them that is erased. */
  text(text: string, of: readonly Whose[]): string;
  /** The person's number. */
  person(whose: Whose): number;
};

type Known = {
  readonly id: number;
  readonly key: Buffer;
  /** Ids of rows by what is in them. */
  readonly valueIds: Map<string, number>;
};

/** More people than this are not remembered at once. */
const maxRemembered = 20_000;

/** Of whom something is written, and up to which change of who is who that is known to be true. */
export type Insist = { readonly persons: readonly number[]; readonly seen: number };

type Remembered = { readonly known: Map<Whose, Known>; readonly seen: number };

/** The people that a process has met, with their keys; one for each Prisma client, because it is a cache of that database. */
const rememberedBy = new WeakMap<Statements, Promise<Remembered>>();

/** What asks the database, within a transaction or not. */
export type Statements = Pick<PrismaClient, "$queryRaw" | "$executeRaw">;

/**
 * Does `write` with what seals these values. Of people this process has met before it costs nothing; of others a few statements.
 * When somebody was erased meanwhile, or turned out to be somebody else, all are asked for anew: whoever comes back then is a
 * new person. `write` runs `hallpass_insist_on_people` within what it writes.
 * Throws `PeopleChanged` where a value, or a judgement, is of a number about which who is who has changed: what was judged of that
 * number may be another's, so whoever judged asks again. `judged`: numbers that are written besides those of the values.
 */
export async function withSealer<T>(
  db: Statements,
  values: readonly PersonalValue[],
  write: (sealer: Sealer, insist: Insist) => Promise<T>,
  judged: readonly number[] = [],
): Promise<T> {
  const numbers = [...judged, ...values.flatMap(({ whose }) => (typeof whose === "number" ? [whose] : []))];
  let since: number | undefined;
  for (let attempt = 1; ; attempt += 1) {
    const { people, seen } = await prepare(db, values);
    since ??= seen;
    // After all are asked for anew, so that no change falls between.
    if (seen !== since && (await haveChanged(db, numbers, since))) throw new PeopleChanged();
    const persons = [...new Set(Array.from(people.values(), ({ id }) => id))];
    try {
      return await write(createSealer(people), { persons, seen });
    } catch (error) {
      if (attempt === maxAttempts || !isOutdated(error)) throw error;
      forgetPeople(db);
    }
  }
}

function isOutdated(error: unknown): boolean {
  const message = messageOf(error);
  return message.includes("hallpass_person_erased") || message.includes("hallpass_people_changed");
}

/** Whether who is who has changed about one of these numbers after a change. */
async function haveChanged(db: Statements, numbers: readonly number[], since: number): Promise<boolean> {
  const rows = await db.$queryRaw<unknown[]>`
    select 1 as changed from person_changes
    where id > ${since} and (person_id = any (${numbers}::int[]) or other_id = any (${numbers}::int[])) limit 1`;
  return rows.length > 0;
}

/** How often a process has heard that who is who has changed. */
const changes = new WeakMap<Statements, number>();

/** Who is who has changed. */
export function forgetPeople(db: Statements): void {
  rememberedBy.delete(db);
  changes.set(db, changesHeard(db) + 1);
}

/** Whatever was remembered of who is who when this was another number may be wrong. */
export function changesHeard(db: Statements): number {
  return changes.get(db) ?? 0;
}

/**
 * Has whatever is written from now on held against the changes of who is who after this moment: before who somebody is is asked
 * for to be remembered, so that what is remembered is not older.
 */
export async function watchPeople(db: Statements): Promise<void> {
  await remember(db);
}

const maxAttempts = 5;

/** So that these people cost the next that is written of them nothing. */
export async function meetAhead(db: Statements, values: readonly PersonalValue[]): Promise<void> {
  await prepare(db, values);
}

function createSealer(people: ReadonlyMap<Whose, Known>): Sealer {
  const known = (whose: Whose): Known => {
    const person = people.get(whose);
    if (!person) throw new Error("a person to seal for was not prepared");
    return person;
  };
  return {
    value({ whose, kind, value }) {
      const { id, key, valueIds } = known(whose);
      const valueId = valueIds.get(nameOf(kind, value));
      if (valueId === undefined) throw new Error(`a ${kind} to seal was not prepared`);
      return valueToken(valueId, id, markOf(key, kind, value));
    },
    text(text, of) {
      // One person may be named twice, by number and by address.
      const about = [...new Map(of.map((whose) => [known(whose).id, known(whose)])).values()];
      if (about.length === 0) return text;
      const key = textKeyOf(about.map((person) => person.key));
      return textToken(
        about.map(({ id }) => id),
        sealText(key, text),
      );
    },
    person: (whose) => known(whose).id,
  };
}

/** The people that these values are of, each with a row for each value. */
async function prepare(
  db: Statements,
  values: readonly PersonalValue[],
): Promise<{ readonly people: ReadonlyMap<Whose, Known>; readonly seen: number }> {
  const { known: remembered, seen } = await remember(db);
  const byWhose = new Map<Whose, PersonalValue[]>();
  for (const value of values) byWhose.set(value.whose, [...(byWhose.get(value.whose) ?? []), value]);
  const isMissing = ({ whose, kind, value }: PersonalValue): boolean =>
    remembered.get(whose)?.valueIds.has(nameOf(kind, value)) !== true;
  // Two processes may meet somebody at the same moment: what the other has just written is there at the second look.
  for (let look = 0; look < maxAttempts; look += 1) {
    await insistOnAccounts(db, values.filter(isMissing));
    const strangers: readonly Stranger[] = [...byWhose].filter(([whose]) => !remembered.has(whose));
    await meet(db, strangers.filter(isByName), remembered);
    await recall(db, strangers.filter(isByNumber), remembered);
    const missing = values.filter((value) => remembered.has(value.whose) && isMissing(value));
    if (missing.length > 0) await add(db, missing, remembered);
    if (!values.some(isMissing)) {
      const people = new Map(
        [...byWhose.keys()].flatMap((whose) => {
          const person = remembered.get(whose);
          return person ? [[whose, person] as const] : [];
        }),
      );
      return { people, seen };
    }
  }
  throw new Error("people could not be recorded: others recorded them at the same time, again and again");
}

async function remember(db: Statements): Promise<Remembered> {
  const begun = rememberedBy.get(db) ?? begin(db);
  const remembered = await begun;
  if (remembered.known.size <= maxRemembered) return remembered;
  // Whoever remembers besides who is who remembers it of an older moment than what is begun next.
  if (rememberedBy.get(db) === begun) forgetPeople(db);
  return remember(db);
}

/** One for all who ask at once: what each of them learns is not older than the change it begins at. */
function begin(db: Statements): Promise<Remembered> {
  const begun = readSeen(db).then(
    (seen) => ({ known: new Map<Whose, Known>(), seen }),
    (error: unknown) => {
      if (rememberedBy.get(db) === begun) rememberedBy.delete(db);
      throw error;
    },
  );
  rememberedBy.set(db, begun);
  return begun;
}

/** Before anybody is asked for: a change that comes between is then noticed. */
async function readSeen(db: Statements): Promise<number> {
  const [row] = await db.$queryRaw<{ seen: number }[]>`
    select coalesce(max(id), 0) as seen from person_changes`;
  return row?.seen ?? 0;
}

type Stranger = readonly [Whose, readonly PersonalValue[]];
type ByName = readonly [string, readonly PersonalValue[]];

function isByName(stranger: Stranger): stranger is ByName {
  return typeof stranger[0] === "string";
}

type ByNumber = readonly [number, readonly PersonalValue[]];

function isByNumber(stranger: Stranger): stranger is ByNumber {
  return typeof stranger[0] === "number";
}

const hex = z.string().transform((text) => Buffer.from(text, "hex"));
const stored = z.array(z.object({ id: z.number(), mark: z.string() }));
const Met = z.array(z.object({ called: z.string(), id: z.number(), key: hex, values: stored }));

/** Finds people by what they go by now, or records them with what they are called; in one statement. */
async function meet(
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
 * Throws `PeopleChanged` where an account that is told with a number is another's: who acts may have been asked for before the
 * process forgot who is who, and act after it.
 */
async function insistOnAccounts(db: Statements, missing: readonly PersonalValue[]): Promise<void> {
  const told = missing.flatMap(({ whose, kind, value }) =>
    typeof whose === "number" && kind === "slack_id" ? [{ person: whose, name: value }] : [],
  );
  if (told.length === 0) return;
  const rows = await db.$queryRaw<unknown[]>`
    select 1 as others from jsonb_to_recordset(${JSON.stringify(told)}::jsonb) as o(person int, name text)
    join person_names n on n.kind = 'slack_id' and n.name = o.name and n.until is null
    where n.person_id <> o.person limit 1`;
  if (rows.length === 0) return;
  forgetPeople(db);
  throw new PeopleChanged();
}

const Recalled = z.array(
  z.object({ id: z.number(), joined: z.number().nullable(), key: hex.nullable(), values: stored }),
);

/** Finds people by their numbers. Throws `PeopleChanged` where a number is nobody's any more. */
async function recall(
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
      // Else whoever asks again who is who is told the same number.
      forgetPeople(db);
      throw new PeopleChanged();
    }
    remembered.set(id, knownBy({ id, key, values }, valuesOf.get(id) ?? []));
  }
}

/** A person as the database has them, with the rows of what they are called here. */
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

/** Records what people are called besides, or finds that it is. */
async function add(
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

function nameOf(kind: PersonalKind, value: string): string {
  return `${kind} ${value}`;
}
