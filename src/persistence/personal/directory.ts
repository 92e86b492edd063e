import type { ClientBase } from "pg";
import { replaceTokens, type Token } from "./token.ts";
import { createOpener, type Opened, readPersonalRows } from "./values.ts";

/** Replaces tokens with what they stand for. */
export type PersonalDirectory = {
  /** A column of an audit event, or a string in its data, as people read it; an erased person becomes `erased person 7`. */
  readonly open: (text: string) => string;
  /** A row's columns and data with all tokens in them replaced. */
  readonly openAll: (stored: unknown) => unknown;
  readonly openToken: (token: Token) => string;
};

/** The text that replaces everything of a person whose key is destroyed. */
export function erasedName(person: number): string {
  return `erased person ${person}`;
}

/** The text that replaces a tampered value; proving the tampering is up to the audit's verification. */
const unreadable = "unreadable: changed since it was sealed";

/** Whether a text stands for an erased person. */
export function isErasedName(text: string): boolean {
  return /^erased person \d+$/.test(text);
}

/** Reads people and their names as of the client's transaction. Values are decrypted on demand. */
export async function readPersonalDirectory(client: ClientBase): Promise<PersonalDirectory> {
  const opener = createOpener(await readPersonalRows(client));

  function openToken(token: Token): string {
    switch (token.kind) {
      case "literal":
        return "\uFDD0";
      case "value":
        return wordOpened(opener.value(token));
      case "text": {
        const opened = opener.text(token);
        return opened.is === "open" ? open(opened.text) : wordOpened(opened);
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

function wordOpened(opened: Opened): string {
  switch (opened.is) {
    case "open":
      return opened.text;
    case "erased":
      return erasedName(opened.person);
    case "changed":
      return unreadable;
  }
}
