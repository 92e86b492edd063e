import { PeopleChanged } from "../../identity/people.ts";
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
} from "../people/meet-people.ts";
import {
  dropCachedPeople,
  type Known,
  remember,
  type Statements,
  type Whose,
} from "../people/people-memory.ts";
import { markOf, sealText, textKeyOf } from "./cipher.ts";
import { textToken, valueToken } from "./token.ts";
import { messageOf } from "../../error-message.ts";

/** Replaces personal values with tokens. */
export type Sealer = {
  value(personal: PersonalValue): string;
  /** Seals a text that these people wrote or that is about them; it can't be read once one of them is erased. */
  text(text: string, of: readonly Whose[]): string;
  /** The person's number. */
  person(whose: Whose): number;
};

/** The persons something is written about, and the last identity change it takes into account. */
export type Insist = { readonly persons: readonly number[]; readonly seen: number };

/**
 * Runs `write` with a sealer for these values. People in this process's cache cost nothing, others a few statements.
 * When somebody was erased or joined meanwhile, reads all of them again and retries; an erased person who comes back is
 * a new one. `write` runs `hallpass_insist_on_people` within what it writes.
 *
 * Throws `PeopleChanged` when identities have changed for a person number among the values or in `judged`: what was
 * judged of that number may be about somebody else, so the caller judges again. `judged`: other person numbers that are
 * written.
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
    // Checked after all people are read again, so that no change falls in between.
    if (seen !== since && (await haveChanged(db, numbers, since))) throw new PeopleChanged();
    const persons = [...new Set(Array.from(people.values(), ({ id }) => id))];
    try {
      return await write(createSealer(people), { persons, seen });
    } catch (error) {
      if (attempt === maxAttempts || !isOutdated(error)) throw error;
      dropCachedPeople(db);
    }
  }
}

function isOutdated(error: unknown): boolean {
  const message = messageOf(error);
  return message.includes("hallpass_person_erased") || message.includes("hallpass_people_changed");
}

/** Whether an identity change after `since` is about one of these numbers. */
async function haveChanged(db: Statements, numbers: readonly number[], since: number): Promise<boolean> {
  const rows = await db.$queryRaw<unknown[]>`
    select 1 as changed from person_changes
    where id > ${since} and (person_id = any (${numbers}::int[]) or other_id = any (${numbers}::int[])) limit 1`;
  return rows.length > 0;
}

const maxAttempts = 5;

/** Caches these people, so that the next write about them costs nothing more. */
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

/** Finds or creates the people of these values, each with a row for each value. */
async function prepare(
  db: Statements,
  values: readonly PersonalValue[],
): Promise<{ readonly people: ReadonlyMap<Whose, Known>; readonly seen: number }> {
  const { known: remembered, seen } = await remember(db);
  const byWhose = new Map<Whose, PersonalValue[]>();
  for (const value of values) byWhose.set(value.whose, [...(byWhose.get(value.whose) ?? []), value]);
  const isMissing = ({ whose, kind, value }: PersonalValue): boolean =>
    remembered.get(whose)?.valueIds.has(nameOf(kind, value)) !== true;
  // Two processes may create the same person at once: the next look finds what the other has just written.
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
