import type { Client } from "pg";
import type { Checkpoint } from "../chain/checkpoint.ts";
import { linkHashOf, recordOf, type SealedEvent, wordSealed } from "../chain/chain-line.ts";
import { wordMissing } from "../chain/fault-words.ts";
import { readChain } from "../chain/read-chain.ts";
import type { Unbound } from "../chain/unbound.ts";
import { createWitness, type Witnessed } from "./verify-people.ts";

/** Consecutive places of the chain, and what they have to agree with; can be passed to another thread. */
export type Places = {
  readonly from: number;
  /** The end of the chain by default. */
  readonly to: number | undefined;
  /** The chain's hash at the place before. */
  readonly previousHash: string;
  /** The latest time of an earlier event; empty if there is none. */
  readonly latestAt: string;
  /** Whether an earlier event binds the people it names, or its request's number: all that follow have to. */
  readonly isBound: boolean;
  /** For these places and others. */
  readonly checkpoints: readonly Checkpoint[];
};

export type VerifiedPlaces = {
  readonly verified: number;
  /** The last place checked, and its hash; absent if there was none. */
  readonly head: { readonly sequence: number; readonly hash: string } | undefined;
  /** The earliest event time here, and the latest here or before; empty if there is none. */
  readonly earliestAt: string;
  readonly latestAt: string;
  readonly isBound: boolean;
  readonly unbound: Unbound;
  readonly faults: readonly PlaceFault[];
};

/** `about`: a cause that shows in many places, and is reported only where it shows first. */
export type PlaceFault = { readonly text: string; readonly about?: readonly string[] };

/** Each place is checked against the hash stored before it, so one forged event is one fault; more than this help nobody. */
export const mostFaults = 10;

/** Sealing takes seconds. An event sealed, or still unsealed, this much later was not there at its time. */
const lateMs = 10 * 60_000;

/** Length of an ordinary time. `infinity` is later than any other, and would hide those that are late. */
const isoLength = "2026-03-03T09:00:00.000Z".length;

/** How many places pass between progress reports. */
const progressEvery = 10_000;

/** Recomputes these places as the client's transaction sees them; `onProgress` is told how many more are done. */
export async function verifyPlaces(
  client: Client,
  { from, to, previousHash, latestAt: latestBefore, isBound: isBoundBefore, checkpoints }: Places,
  onProgress?: (more: number) => void,
): Promise<VerifiedPlaces> {
  const expected = new Map(checkpoints.map((checkpoint) => [checkpoint.sequence, checkpoint]));
  const witness = await createWitness(client);
  const faults: PlaceFault[] = [];
  const isNews = createNews();
  const name = (text: string, about: readonly string[] = []): void => {
    const fault = { text, about };
    if (isNews(fault)) faults.push(fault);
  };
  let isBound = isBoundBefore;
  const unbound = { people: 0, number: 0 };
  let sequence = from - 1;
  let hash = previousHash;
  let verified = 0;
  // Times in one format sort as text.
  let latestAt = latestBefore;
  let earliestAt = "";
  reading: for await (const batch of readChain(client, { from, to })) {
    for (const { place, hash: stored, event } of batch) {
      const isNext = place === sequence + 1;
      if (!isNext)
        name(
          wordMissing(sequence + 1, place - 1) +
            (verified === 0 && from === 1 ? ", and no tombstone stands for them" : ""),
        );
      const previous = isNext ? hash : undefined;
      if (!event) name(`place ${place}: its event is gone from audit_events; it was deleted`);
      else if (previous !== undefined && linkHashOf(previous, event) !== stored)
        name(
          `place ${place}: ${wordSealed(event)} is not what was sealed there; it was changed, or exchanged`,
        );
      else {
        if (isLate(event.at, latestAt))
          name(`place ${place}: ${wordSealed(event)} was sealed long after its time; it was inserted later`);
        const witnessed = witness(recordOf(event));
        for (const { whose, why } of witnessed.changed)
          name(`place ${place}: ${wordSealed(event)} is not about who it was about: ${why}`, whose);
        const lacks = lackOf(event, witnessed);
        if (lacks.people) unbound.people += 1;
        if (lacks.number) unbound.number += 1;
        if (isBound && (lacks.people || lacks.number))
          name(
            `place ${place}: ${wordSealed(event)} has no ${lacks.people ? "marks of whom it names" : "number of its request"}, ` +
              "as events had before others that come before it; it was inserted",
            ["unbound"],
          );
        isBound ||= witnessed.isMarked || event.isNumbered === true;
      }
      if (event?.at.length === isoLength) {
        if (event.at > latestAt) latestAt = event.at;
        if (event.at < earliestAt || earliestAt === "") earliestAt = event.at;
      }
      const checkpoint = expected.get(place);
      for (const text of againstCheckpoint(checkpoint, stored)) name(text);
      hash = stored;
      sequence = place;
      verified += 1;
      if (verified % progressEvery === 0) onProgress?.(progressEvery);
      if (faults.length >= mostFaults) break reading;
    }
  }
  return {
    verified,
    head: verified === 0 ? undefined : { sequence, hash },
    earliestAt,
    latestAt,
    isBound,
    unbound,
    faults,
  };
}

/** Returns a filter for faults that were not reported yet; call it in order. */
export function createNews(): (fault: PlaceFault) => boolean {
  const named = new Set<string>();
  return ({ about = [] }) => {
    if (about.some((each) => named.has(each))) return false;
    // If there are several possible causes, it may be another one next time.
    if (about.length === 1) for (const each of about) named.add(each);
    return true;
  };
}

/** What an event says without binding it. */
function lackOf(
  { isNumbered }: SealedEvent,
  { isUnmarked }: Witnessed,
): { readonly people: boolean; readonly number: boolean } {
  return { people: isUnmarked, number: isNumbered === false };
}

/** Whether an event of that time came long after later ones were sealed. */
export function isLate(at: string, latestAt: string): boolean {
  return at < latestAt && Date.parse(at) < Date.parse(latestAt) - lateMs;
}

/** Compares the hash at a place with the checkpoint for it, if there is one. */
export function againstCheckpoint(checkpoint: Checkpoint | undefined, stored: string): readonly string[] {
  if (!checkpoint || checkpoint.hash === stored) return [];
  return [
    `place ${checkpoint.sequence}: the checkpoint of ${checkpoint.at} says ${checkpoint.hash.slice(0, 16)}… and the chain ` +
      `${stored.slice(0, 16)}…; the chain was written anew`,
  ];
}
