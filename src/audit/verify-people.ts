import type { ClientBase } from "pg";
import {
  parseToken,
  replaceTokens,
  type Token,
  tokenEnd,
  tokenStart,
} from "../persistence/personal-token.ts";
import { createOpener, readPersonalRows } from "../persistence/personal-values.ts";

/** What one event says of people, held against what they are called. */
export type Witnessed = {
  /** Whether it names somebody by a token that has a mark, and by one that has none. */
  readonly isMarked: boolean;
  readonly isUnmarked: boolean;
  readonly changed: readonly Changed[];
};

/** Somebody is not who they were when the event was sealed. `whose`: theirs whose key or row it may be. */
export type Changed = { readonly whose: readonly string[]; readonly why: string };

/** Looks at the canonical JSON of an event. */
export type Witness = (record: Buffer) => Witnessed;

const start = Buffer.from(tokenStart);
const end = Buffer.from(tokenEnd);
const zero = "0".charCodeAt(0);

/**
 * Opens whatever stands for people in events and says where it is not what was sealed; each value once, however many events name it.
 * `ofRetired`: of events that are in the audit no more, nor is what says that somebody was erased. Expects a transaction that reads
 * one snapshot.
 */
export async function createWitness(client: ClientBase, { ofRetired = false } = {}): Promise<Witness> {
  const opener = createOpener(await readPersonalRows(client));
  const erased = ofRetired ? undefined : await readErased(client);
  /** Tokens up to their ends, by the numbers in them, that were found to be right. */
  const right: Buffer[] = [];

  /** Whether a value's token stands there that was right before. */
  function isKnown(record: Buffer, from: number): Buffer | undefined {
    let number = 0;
    for (let at = from + 1; ; at += 1) {
      const digit = (record[at] ?? 0) - zero;
      if (digit < 0 || digit > 9) break;
      number = number * 10 + digit;
    }
    const token = right[number];
    if (!token) return undefined;
    for (let at = 0; at < token.length; at += 1) if (token[at] !== record[from + at]) return undefined;
    return token;
  }

  function changedBy(token: Token): readonly Changed[] {
    if (token.kind === "literal") return [];
    const opened = token.kind === "value" ? opener.value(token) : opener.text(token);
    switch (opened.is) {
      case "changed":
        return [opened];
      case "erased":
        return erased?.has(opened.person) === false ? [unsaid(opened.person)] : [];
      case "open":
        return token.kind === "text" ? changedWithin(opened.text) : [];
    }
  }

  /** Of those whose addresses stand in a text. */
  function changedWithin(text: string): readonly Changed[] {
    const changed: Changed[] = [];
    replaceTokens(text, (token) => {
      changed.push(...changedBy(token));
      return "";
    });
    return changed;
  }

  return (record) => {
    let [isMarked, isUnmarked] = [false, false];
    const changed: Changed[] = [];
    for (let at = record.indexOf(start); at !== -1; at = record.indexOf(start, at)) {
      const from = at + start.length;
      const known = isKnown(record, from);
      if (known) {
        isMarked = true;
        at = from + known.length;
        continue;
      }
      at = from;
      const to = record.indexOf(end, from);
      if (to === -1) break;
      const token = parseToken(record.toString("latin1", from, to));
      if (!token) continue;
      const here = changedBy(token);
      changed.push(...here);
      if (token.kind !== "value") continue;
      if (!token.bound) isUnmarked = true;
      else {
        isMarked = true;
        if (here.length === 0) right[token.valueId] = Buffer.from(record.subarray(from, to + end.length));
      }
    }
    // A text is unreadable because somebody is: who that is comes first.
    if (changed.length > 1) changed.sort((one, other) => one.whose.length - other.whose.length);
    return { isMarked, isUnmarked, changed };
  };
}

function unsaid(person: number): Changed {
  return {
    whose: [`person ${person}`],
    why: `person ${person} has no key any more, and no event says that they were erased; the key was destroyed`,
  };
}

/** Who was erased on record. */
async function readErased(client: ClientBase): Promise<ReadonlySet<number>> {
  const { rows } = await client.query<{ person: string | null }>(
    "select data ->> 'person' as person from audit_events where type = 'person.erased'",
  );
  return new Set(rows.map(({ person }) => Number(person)));
}
