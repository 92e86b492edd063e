import { PeopleChanged } from "../identity/people.ts";
import { messageOf } from "./database.ts";
import {
  add,
  insistOnAccounts,
  isByName,
  isByNumber,
  meet,
  nameOf,
  type PersonalValue,
  recall,
  type Stranger,
} from "./meet-people.ts";
import { forgetPeople, type Known, remember, type Statements, type Whose } from "./people-memory.ts";
import { markOf, sealText, textKeyOf } from "./personal-cipher.ts";
import { textToken, valueToken } from "./personal-token.ts";

/** Puts tokens in the place of what is personal. */
export type Sealer = {
  value(personal: PersonalValue): string;
  /** A text that these people wrote or that is about them; it ends with the first of them that is erased. */
  text(text: string, of: readonly Whose[]): string;
  /** The person's number. */
  person(whose: Whose): number;
};

/** Of whom something is written, and up to which change of who is who that is known to be true. */
export type Insist = { readonly persons: readonly number[]; readonly seen: number };

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
