import type { ClientBase } from "pg";
import { openText, openValue, textKeyOf } from "./personal-cipher.ts";
import { replaceTokens, type Token } from "./personal-token.ts";

/** What tokens stand for. */
export type PersonalDirectory = {
  /** A column of an audit event, or a string in its data, as people read it: of who is erased, `erased person 7`. */
  readonly open: (text: string) => string;
  /** A row's columns and data, tokens in them replaced wherever they are. */
  readonly openAll: (stored: unknown) => unknown;
  readonly openToken: (token: Token) => string;
};

/** What stands for everything of a person whose key is destroyed. */
export function erasedName(person: number): string {
  return `erased person ${person}`;
}

/** What stands for a text that was tampered with; that it was is for the audit's verification to prove. */
const unreadable = "unreadable: changed since it was sealed";

function readable(key: Buffer, sealed: string): string {
  try {
    return openText(key, Buffer.from(sealed, "base64url"));
  } catch {
    // Whatever is wrong with one text keeps nobody from reading the others.
    return unreadable;
  }
}

/** Whether it stands for somebody erased. */
export function isErasedName(text: string): boolean {
  return /^erased person \d+$/.test(text);
}

type ValueRow = {
  readonly id: number;
  readonly person_id: number;
  readonly mark: Buffer;
  readonly ciphertext: Buffer;
};
type PersonRow = { readonly id: number; readonly key: Buffer | null };

/** More combinations of people than this are not remembered at once. */
const maxTextKeys = 10_000;

/** Reads who is known and what they are called, as it is in the client's transaction. Values are opened when they are asked for. */
export async function readPersonalDirectory(client: ClientBase): Promise<PersonalDirectory> {
  const people = await client.query<PersonRow>("select id, key from people");
  const keys = new Map(people.rows.map(({ id, key }) => [id, key]));
  const sealed = await client.query<ValueRow>("select id, person_id, mark, ciphertext from personal_values");
  const values = new Map<number, ValueRow | string>(sealed.rows.map((row) => [row.id, row]));
  const textKeys = new Map<string, Buffer | string>();

  function valueOf(valueId: number): string {
    const value = values.get(valueId);
    if (typeof value === "string") return value;
    if (!value) return `unknown ${valueId}`;
    const key = keys.get(value.person_id);
    const opened = key ? openValue(key, value.mark, value.ciphertext) : erasedName(value.person_id);
    values.set(valueId, opened);
    return opened;
  }

  /** Or what to say instead, where there is none any more. */
  function textKey(persons: readonly number[]): Buffer | string {
    const name = persons.join(".");
    const known = textKeys.get(name);
    if (known !== undefined) return known;
    const erased = persons.find((person) => !keys.get(person));
    const key =
      erased === undefined ? textKeyOf(persons.flatMap((each) => keys.get(each) ?? [])) : erasedName(erased);
    if (textKeys.size > maxTextKeys) textKeys.clear();
    textKeys.set(name, key);
    return key;
  }

  function openToken(token: Token): string {
    switch (token.kind) {
      case "literal":
        return "\uFDD0";
      case "value":
        return valueOf(token.valueId);
      case "text": {
        const key = textKey(token.persons);
        if (typeof key === "string") return key;
        return open(readable(key, token.sealed));
      }
    }
  }

  const open = (text: string): string => replaceTokens(text, openToken);

  function openAll(stored: unknown): unknown {
    if (typeof stored === "string") return open(stored);
    if (Array.isArray(stored)) return stored.map(openAll);
    if (typeof stored !== "object" || stored === null || stored instanceof Date) return stored;
    return Object.fromEntries(Object.entries(stored).map(([key, value]) => [open(key), openAll(value)]));
  }

  return { open, openAll, openToken };
}
