import type { ClientBase } from "pg";
import { markOf, openText, openValue, textKeyOf } from "./personal-cipher.ts";
import type { Token, ValueToken } from "./personal-token.ts";

/** Who is known and what they are called, sealed. */
export type PersonalRows = {
  /** By people's numbers; of who is erased there is none. */
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

/** What a token stands for, or why there is nothing to be read. */
export type Opened =
  | { readonly is: "open"; readonly text: string }
  | { readonly is: "erased"; readonly person: number }
  /** Not what was sealed. `whose`: theirs whose key or row it may be. */
  | { readonly is: "changed"; readonly whose: readonly string[]; readonly why: string };

export type Opener = {
  readonly value: (token: ValueToken) => Opened;
  /** With the tokens that are in it. */
  readonly text: (token: Extract<Token, { readonly kind: "text" }>) => Opened;
};

/** Reads who is known and what they are called, as it is in the client's transaction. */
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

/** More combinations of people than this are not remembered at once. */
const maxTextKeys = 10_000;

/** Opens tokens, and only what is proven to be what was sealed. Values are opened when they are asked for. */
export function createOpener({ keys, values }: PersonalRows): Opener {
  const known = new Map<number, { readonly bound: ValueToken["bound"]; readonly opened: Opened }>();
  const textKeys = new Map<string, Buffer | Opened>();

  function goneFrom(person: number): Opened {
    // A database that was restored without them: it is one thing that is wrong, and not one for each of them.
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

  /** Or what to say instead, where there is none. */
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

/** `undefined` where the key is another, or what is sealed was changed: it keeps nobody from reading the rest. */
function attempt(open: () => string): string | undefined {
  try {
    return open();
  } catch {
    return undefined;
  }
}
