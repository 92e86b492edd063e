import { z } from "zod";
import type { PrismaClient } from "../generated/prisma/client.ts";
import { messageOf } from "./database.ts";
import { createKey, markOf, sealText, sealValue, textKeyOf } from "./personal-cipher.ts";
import { textToken, valueToken } from "./personal-token.ts";

/** What somebody is called: in Slack, and by a provider (`subject`). */
export const personalKinds = ["email", "slack_id", "name", "subject"] as const;
export type PersonalKind = (typeof personalKinds)[number];

/** Something that one person is called. `handle` is by what Hallpass knows them: `people.handle`. */
export type PersonalValue = {
  readonly handle: string;
  readonly kind: PersonalKind;
  readonly value: string;
};

/** Puts tokens in the place of what is personal. */
export type Sealer = {
  value(personal: PersonalValue): string;
  /** A text that these people wrote or that is about them; it ends with the first of them that is erased. */
  text(text: string, handles: readonly string[]): string;
  /** The person's number. */
  person(handle: string): number;
};

type Known = {
  readonly id: number;
  readonly key: Buffer;
  /** Ids of rows by what is in them. */
  readonly valueIds: Map<string, number>;
};

/** More people than this are not remembered at once. */
const maxRemembered = 20_000;

/** The people that a process has met, with their keys; one for each Prisma client, because it is a cache of that database. */
const rememberedBy = new WeakMap<PrismaClient, Map<string, Known>>();

/**
 * Does `write` with what seals these values. Of people this process has met before it costs nothing; of others a statement or
 * two. When somebody was erased meanwhile, keys are fetched anew: whoever comes back then is a new person.
 * `write` runs `hallpass_insist_on_keys` of `persons` within what it writes.
 */
export async function withSealer<T>(
  db: PrismaClient,
  values: readonly PersonalValue[],
  write: (sealer: Sealer, persons: readonly number[]) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const people = await prepare(db, values);
    const persons = [...new Set(Array.from(people.values(), ({ id }) => id))];
    try {
      return await write(createSealer(people), persons);
    } catch (error) {
      if (attempt === maxAttempts || !messageOf(error).includes("hallpass_person_erased")) throw error;
      rememberedBy.delete(db);
    }
  }
}

const maxAttempts = 5;

/** So that these people cost the next that is written of them nothing. */
export async function meetAhead(db: PrismaClient, values: readonly PersonalValue[]): Promise<void> {
  await prepare(db, values);
}

function createSealer(people: ReadonlyMap<string, Known>): Sealer {
  const known = (handle: string): Known => {
    const person = people.get(handle);
    if (!person) throw new Error("a person to seal for was not prepared");
    return person;
  };
  return {
    value({ handle, kind, value }) {
      const valueId = known(handle).valueIds.get(nameOf(kind, value));
      if (valueId === undefined) throw new Error(`a ${kind} to seal was not prepared`);
      return valueToken(valueId);
    },
    text(text, handles) {
      const about = [...new Set(handles.map(known))];
      if (about.length === 0) return text;
      const key = textKeyOf(about.map((person) => person.key));
      return textToken(
        about.map(({ id }) => id),
        sealText(key, text),
      );
    },
    person: (handle) => known(handle).id,
  };
}

/** The people that these values are of, each with a row for each value. */
async function prepare(
  db: PrismaClient,
  values: readonly PersonalValue[],
): Promise<ReadonlyMap<string, Known>> {
  let remembered = rememberedBy.get(db);
  if (!remembered || remembered.size > maxRemembered) {
    remembered = new Map();
    rememberedBy.set(db, remembered);
  }
  const byHandle = new Map<string, PersonalValue[]>();
  for (const value of values) byHandle.set(value.handle, [...(byHandle.get(value.handle) ?? []), value]);
  const isMissing = ({ handle, kind, value }: PersonalValue): boolean =>
    remembered.get(handle)?.valueIds.has(nameOf(kind, value)) !== true;
  // Two processes may meet somebody at the same moment: what the other has just written is there at the second look.
  for (let look = 0; look < maxAttempts; look += 1) {
    const strangers = [...byHandle].filter(([handle]) => !remembered.has(handle));
    if (strangers.length > 0) await meet(db, strangers, remembered);
    const missing = values.filter((value) => remembered.has(value.handle) && isMissing(value));
    if (missing.length > 0) await add(db, missing, remembered);
    if (!values.some(isMissing)) {
      return new Map(
        [...byHandle.keys()].flatMap((handle) => {
          const person = remembered.get(handle);
          return person ? [[handle, person]] : [];
        }),
      );
    }
  }
  throw new Error("people could not be recorded: others recorded them at the same time, again and again");
}

const hex = z.string().transform((text) => Buffer.from(text, "hex"));
const Met = z.array(
  z.object({
    handle: z.string(),
    id: z.number(),
    key: hex,
    values: z.array(z.object({ id: z.number(), mark: z.string() })),
  }),
);

/** Finds people, or records them with what they are called; in one statement. */
async function meet(
  db: PrismaClient,
  strangers: readonly (readonly [string, readonly PersonalValue[]])[],
  remembered: Map<string, Known>,
): Promise<void> {
  const offered = new Map(
    strangers.map(([handle, values]) => {
      const key = createKey();
      return [handle, { handle, key: key.toString("hex"), values: values.map((each) => rowOf(key, each)) }];
    }),
  );
  const rows: unknown = await db.$queryRaw`
    with offered as (
      select * from jsonb_to_recordset(${JSON.stringify([...offered.values()])}::jsonb) as o(handle text, key text, values jsonb)),
    met as (
      insert into people (handle, key) select handle, decode(key, 'hex') from offered order by handle
      on conflict (handle) do nothing returning id, handle, key),
    named as (
      insert into personal_values (person_id, kind, mark, ciphertext)
      select m.id, v.kind, decode(v.mark, 'hex'), decode(v.ciphertext, 'hex')
      from met m join offered o using (handle),
           jsonb_to_recordset(o.values) as v(kind text, mark text, ciphertext text)
      on conflict (person_id, mark) do nothing returning id, person_id, mark)
    select p.handle, p.id, encode(p.key, 'hex') as key,
           coalesce(jsonb_agg(jsonb_build_object('id', v.id, 'mark', encode(v.mark, 'hex'))) filter (where v.id is not null), '[]') as values
    from (select * from met union all select id, handle, key from people where handle in (select handle from offered)) p
    left join (select * from named union all select id, person_id, mark from personal_values) v on v.person_id = p.id
    group by p.handle, p.id, p.key`;
  for (const { handle, id, key, values } of Met.parse(rows)) {
    const known = new Map(values.map(({ id: valueId, mark }) => [mark, valueId]));
    const valueIds = new Map<string, number>();
    for (const [each, personal] of strangers) {
      if (each !== handle) continue;
      for (const { kind, value } of personal) {
        const valueId = known.get(markOf(key, kind, value).toString("hex"));
        if (valueId !== undefined) valueIds.set(nameOf(kind, value), valueId);
      }
    }
    remembered.set(handle, { id, key, valueIds });
  }
}

const Added = z.array(z.object({ id: z.number(), person_id: z.number(), mark: z.string() }));

/** Records what people are called besides, or finds that it is. */
async function add(
  db: PrismaClient,
  missing: readonly PersonalValue[],
  remembered: ReadonlyMap<string, Known>,
): Promise<void> {
  const byRow = new Map<string, { readonly known: Known; readonly name: string }>();
  const rows = missing.flatMap(({ handle, kind, value }) => {
    const known = remembered.get(handle);
    if (!known) return [];
    const row = { person: known.id, ...rowOf(known.key, { handle, kind, value }) };
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
