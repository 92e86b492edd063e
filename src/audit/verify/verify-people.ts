import type { ClientBase } from "pg";
import {
  parseToken,
  replaceTokens,
  type Token,
  tokenEnd,
  tokenStart,
} from "../../persistence/personal/token.ts";
import { createOpener, readPersonalRows } from "../../persistence/personal/values.ts";

/** What one event says of people, compared with what they are called. */
export type Witnessed = {
  /** Whether it names somebody by a token with a mark, and by one without. */
  readonly isMarked: boolean;
  readonly isUnmarked: boolean;
  readonly changed: readonly Changed[];
};

/** A person is not who they were when the event was sealed. `whose`: the people whose key or row may have changed. */
export type Changed = { readonly whose: readonly string[]; readonly why: string };

/** Checks the canonical JSON of an event. */
export type Witness = (record: Buffer) => Witnessed;

const start = Buffer.from(tokenStart);
const end = Buffer.from(tokenEnd);
const zero = "0".charCodeAt(0);

/**
 * Creates a check that opens the tokens for people in events and reports where they are not what was sealed; each value is checked
 * once, however many events name it. `ofRetired`: the events are no longer in the audit, nor are those that record erasures.
 * Expects a transaction that reads one snapshot.
 */
export async function createWitness(client: ClientBase, { ofRetired = false } = {}): Promise<Witness> {
  const opener = createOpener(await readPersonalRows(client));
  const erased = ofRetired ? undefined : await readErased(client);
  /** Tokens that were found to be right, up to their ends, by the number in them. */
  const right: Buffer[] = [];

  /** The value's token at an offset, if it was found right before. */
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

  /** Changes in the people whose addresses are in a text. */
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
    // A text is unreadable because one of its people is: that person comes first.
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

/** The people whose erasure is on record. */
async function readErased(client: ClientBase): Promise<ReadonlySet<number>> {
  const { rows } = await client.query<{ person: string | null }>(
    "select data ->> 'person' as person from audit_events where type = 'person.erased'",
  );
  return new Set(rows.map(({ person }) => Number(person)));
}
