import type { ClientBase } from "pg";
import { markOf, openText, openValue, textKeyOf } from "./cipher.ts";
import type { Token, ValueToken } from "./token.ts";

/** People's keys and their sealed names. */
export type PersonalRows = {
  /** By person number; null for an erased person. */
  readonly keys: ReadonlyMap<number, Buffer | null>;
  readonly values: ReadonlyMap<number, ValueRow>;
};

type ValueRow = {
  readonly id: number;
  readonly person_id: number;
  readonly kind: string;
  readonly mark: Buffer;
  readonly ciphertext: Buffer;
};

/** What a token stands for, or why it can't be read. */
export type Opened =
  | { readonly is: "open"; readonly text: string }
  | { readonly is: "erased"; readonly person: number }
  /** Not what was sealed. `whose`: the persons whose key or row it may be; the table or the row where no person is known. */
  | { readonly is: "changed"; readonly whose: readonly string[]; readonly why: string };

export type Opener = {
  readonly value: (token: ValueToken) => Opened;
  /** The text with the tokens that are in it. */
  readonly text: (token: Extract<Token, { readonly kind: "text" }>) => Opened;
};

/** Reads people's keys and sealed names as of the client's transaction. */
export async function readPersonalRows(client: ClientBase): Promise<PersonalRows> {
  const people = await client.query<{ id: number; key: Buffer | null }>("select id, key from people");
  const values = await client.query<ValueRow>(
    "select id, person_id, kind, mark, ciphertext from personal_values",
  );
  return {
    keys: new Map(people.rows.map(({ id, key }) => [id, key])),
    values: new Map(values.rows.map((row) => [row.id, row])),
  };
}

/** Maximum combinations of people in the cache. */
const maxTextKeys = 10_000;

/** Creates an opener of tokens, which opens only what is proven to be what was sealed. Values are decrypted on demand. */
export function createOpener({ keys, values }: PersonalRows): Opener {
  const known = new Map<number, { readonly bound: ValueToken["bound"]; readonly opened: Opened }>();
  const textKeys = new Map<string, Buffer | Opened>();

  function goneFrom(person: number): Opened {
    // A database restored without `people` has one fault, not one for each person.
    if (keys.size === 0) return { is: "changed", whose: ["people"], why: "nobody is left in people" };
    return { is: "changed", whose: [`person ${person}`], why: `person ${person} was deleted from people` };
  }

  function openRow({ valueId, bound }: ValueToken): Opened {
    const row = values.get(valueId);
    const place = `row ${valueId} of personal_values`;
    const person = bound?.person ?? row?.person_id;
    if (person === undefined) return { is: "changed", whose: [place], why: `${place} was deleted` };
    const whose = `person ${person}`;
    const changed = (why: string): Opened => ({ is: "changed", whose: [whose], why });
    const key = keys.get(person);
    if (key === undefined) return goneFrom(person);
    if (!row) return changed(`${place} was deleted, and with it what ${whose} is called`);
    const mark = bound ? Buffer.from(bound.mark, "base64url") : row.mark;
    const other = changed(
      `${place} or the key of ${whose} is not what was sealed; it was changed, or exchanged`,
    );
    if (row.person_id !== person || !row.mark.equals(mark)) return other;
    if (key === null) return { is: "erased", person };
    const text = attempt(() => openValue(key, mark, row.ciphertext));
    return text !== undefined && markOf(key, row.kind, text).equals(mark) ? { is: "open", text } : other;
  }

  /** The key of a text, or what to return instead when there is none. */
  function textKey(persons: readonly number[]): Buffer | Opened {
    const name = persons.join(".");
    const remembered = textKeys.get(name);
    if (remembered !== undefined) return remembered;
    const gone = persons.find((person) => keys.get(person) === undefined);
    const erased = persons.find((person) => keys.get(person) === null);
    const key: Buffer | Opened =
      gone !== undefined
        ? goneFrom(gone)
        : erased !== undefined
          ? { is: "erased", person: erased }
          : textKeyOf(persons.flatMap((person) => keys.get(person) ?? []));
    if (textKeys.size > maxTextKeys) textKeys.clear();
    textKeys.set(name, key);
    return key;
  }

  return {
    value(token) {
      const { valueId, bound } = token;
      const before = known.get(valueId);
      if (before && before.bound?.person === bound?.person && before.bound?.mark === bound?.mark)
        return before.opened;
      const opened = openRow(token);
      known.set(valueId, { bound, opened });
      return opened;
    },
    text({ persons, sealed }) {
      const key = textKey(persons);
      if (!Buffer.isBuffer(key)) return key;
      const text = attempt(() => openText(key, Buffer.from(sealed, "base64url")));
      if (text !== undefined) return { is: "open", text };
      const whose = persons.map((person) => `person ${person}`);
      return {
        is: "changed",
        whose,
        why: `a text is not what was sealed with the key of ${whose.join(" and ")}; it or a key was changed, or exchanged`,
      };
    },
  };
}

/** `undefined` when the key is wrong or the value was changed: that must not keep anybody from reading the rest. */
function attempt(open: () => string): string | undefined {
  try {
    return open();
  } catch {
    return undefined;
  }
}
