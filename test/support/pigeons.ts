import { setImmediate } from "node:timers/promises";
import type { Message } from "../../src/notify/message.ts";
import { plainText } from "../../src/words/piece.ts";
import { type Judgement, MessageGone, type Parcel, type Surface } from "../../src/notify/surface.ts";
import type { Place } from "../../src/persistence/messages.ts";

/** A note in a loft, under another note, or handed to somebody alone. */
type Note = { readonly id: string; readonly loft: string; readonly under?: string; message: Message };

/** A chat surface that is nothing like Slack: notes in lofts, carried by pigeons. It has no ids, blocks or threads of Slack's. */
export type Pigeons = Surface & {
  readonly notes: readonly Note[];
  /** What stands in a loft, in plain text. */
  readonly readsIn: (loft: string) => readonly string[];
  /** The buttons of the newest note in a loft, by label. */
  readonly offersIn: (loft: string) => readonly string[];
  readonly close: (loft: string) => void;
  readonly open: (loft: string) => void;
  readonly tear: (loft: string) => void;
  /** The next notes that come to a loft are torn up at once. */
  readonly tearNext: (loft: string, count: number) => void;
};

class Closed extends Error {}

export function createPigeons(name = "pigeon"): Pigeons {
  const notes: Note[] = [];
  const closed = new Set<string>();
  const toTear = new Map<string, number>();
  /** Where notes stood that were torn up. */
  const lofts = new Map<string, string>();
  const own = (address: string): string => address.replace(`${name}:`, "");
  let count = 0;

  async function put(loft: string, message: Message, under?: string): Promise<Place> {
    await setImmediate();
    if (closed.has(loft)) throw new Closed(`the loft ${loft} is closed`);
    const id = String((count += 1));
    notes.push({ id, loft, message, ...(under !== undefined && { under }) });
    const left = toTear.get(loft) ?? 0;
    toTear.set(loft, left - 1);
    if (left > 0) tear(loft);
    return { note: id };
  }

  function tear(loft: string): void {
    for (const note of notes.filter((each) => each.loft === loft)) {
      lofts.set(note.id, loft);
      notes.splice(notes.indexOf(note), 1);
    }
  }

  function at(place: Place): Note {
    const found = notes.find(({ id }) => id === place["note"]);
    if (!found) throw new MessageGone("the note is gone");
    return found;
  }

  const judge = (error: unknown): Judgement => ({
    words: String(error),
    ...(error instanceof MessageGone && { fault: { kind: "message", words: error.message } }),
    ...(error instanceof Closed && { fault: { kind: "destination", words: error.message } }),
    mayBeDone: false,
    isAway: false,
    waitMs: 0,
  });

  const parcel: Parcel = {
    announce: async (destination, compose) => put(own(destination), await compose()),
    renew: async (lost, compose) => put(lofts.get(lost["note"] ?? "") ?? "", await compose()),
    seek: () => Promise.resolve(undefined),
    async refresh(place, compose) {
      at(place).message = await compose();
    },
    async reply(place, compose) {
      const { id, loft } = at(place);
      await put(loft, await compose(), id);
    },
    direct: async (account, compose) => void (await put(own(account), await compose())),
  };
  return {
    name,
    deliver: (_effect, _urgency, work) => work(parcel),
    mentions: (addresses) => Promise.resolve(addresses.map((email) => ({ email }))),
    accountOf: (address) => Promise.resolve(`${name}:${address.split("@")[0]}`),
    destinationOf: (place) => `${name}:${lofts.get(place["note"] ?? "") ?? at(place).loft}`,
    say: async (to, message) => {
      if ("destination" in to) await put(own(to.destination), message);
      else await put(at(to.under).loft, message, at(to.under).id);
    },
    judge,
    doubtSeconds: 0,
    notes,
    readsIn: (loft) => notes.filter((note) => note.loft === loft).map(({ message }) => inWords(message)),
    offersIn: (loft) =>
      notes.findLast((note) => note.loft === loft)?.message.actions.map(({ label }) => label) ?? [],
    close: (loft) => void closed.add(loft),
    open: (loft) => void closed.delete(loft),
    tear,
    tearNext: (loft, times) => void toTear.set(loft, times),
  };
}

function inWords({ title, sections }: Message): string {
  const parts = sections.flatMap(({ facts = [], lines = [], quote }) => [
    ...facts.map(({ label, value }) => `${label}: ${plainText(value)}`),
    ...lines.map(plainText),
    ...(quote === undefined ? [] : [`> ${quote}`]),
  ]);
  return [...(title === undefined ? [] : [title]), ...parts].join("\n");
}
