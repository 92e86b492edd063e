import { hash as digest } from "node:crypto";
import { z } from "zod";
import type { Checkpoint } from "../chain/checkpoint.ts";
import { proofFault } from "../export/proof.ts";
import { wordEvent, wordMissing } from "../chain/fault-words.ts";
import { SealedHeader, SealedProof } from "../export/sealed-export.ts";
import { createBindings } from "./sealed-bindings.ts";
import type { PublicKey } from "../chain/signing-key.ts";
import type { Unbound } from "../chain/unbound.ts";
import type { Witness } from "./verify-people.ts";
import { createNews } from "./verify-places.ts";

export type SealedVerification = {
  /** The export's proof; absent if it does not end with one that counts. */
  readonly proof?: SealedProof;
  readonly rows: number;
  /** How many of the given checkpoints are for a place in it. */
  readonly checkpoints: number;
  /** Events from before the chain proved that much. */
  readonly unbound: Unbound;
  /** What is wrong and where, in order; empty if the export is as it was written. */
  readonly faults: readonly string[];
};

/** More than this helps nobody. */
const mostFaults = 10;

/** Whether a file that begins like this is a sealed export, complete or not. */
export function looksSealed(start: string): boolean {
  return start.startsWith('{"format":"hallpass-audit-sealed"') || start.startsWith('{"sequence":');
}

export type Trust = {
  readonly keys: readonly PublicKey[];
  /** The caller has checked their signatures. */
  readonly checkpoints: readonly Checkpoint[];
  /** Given if there is the database of the people it names. */
  readonly witness?: Witness;
};

/**
 * Recomputes the chain from a sealed export, place by place and in constant memory, and reports what is not as it was written.
 * `chunks`: its bytes, uncompressed.
 */
export async function verifySealed(
  chunks: AsyncIterable<Buffer>,
  { keys, checkpoints, witness }: Trust,
): Promise<SealedVerification> {
  const walk = createWalk(checkpoints, witness);
  for await (const line of linesOf(chunks)) {
    walk.take(line);
    if (walk.faults.length >= mostFaults) break;
  }
  const proof = walk.end(keys);
  const { rows, compared, unbound, faults } = walk;
  return {
    ...(proof && { proof }),
    rows,
    checkpoints: compared,
    unbound,
    faults: faults.slice(0, mostFaults),
  };
}

/** The lines as bytes, one character each: nothing is lost if they are not UTF-8. An unfinished last line ends with `…`. */
async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of chunks) {
    const lines = (rest + chunk.toString("latin1")).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield `${rest}…`;
}

type Walk = {
  readonly take: (line: string) => void;
  /** Checks that it ended as it should; returns the proof if that counts. */
  readonly end: (keys: readonly PublicKey[]) => SealedProof | undefined;
  readonly rows: number;
  readonly compared: number;
  readonly unbound: Unbound;
  readonly faults: string[];
};

const Row = /^\{"sequence":(\d{1,15}),"hash":"([0-9a-f]{64})","record":(.*)\}$/s;

function createWalk(checkpoints: readonly Checkpoint[], witness: Witness | undefined): Walk {
  const faults: string[] = [];
  const expected = new Map(checkpoints.map((checkpoint) => [checkpoint.sequence, checkpoint]));
  let header: z.infer<typeof SealedHeader> | undefined;
  let proof: SealedProof | undefined;
  let last = 0;
  /** The hash at the last place; `undefined` if it could not be read. */
  let hash: string | undefined;
  /** The record at the last place, and the hash it should be linked to. */
  let before:
    { readonly record: string; readonly hash: string | undefined; readonly isRight: boolean } | undefined;
  let rows = 0;
  let compared = 0;
  const bindings = createBindings();
  const isNews = createNews();

  function takeRow(place: number, stored: string, record: string): void {
    rows += 1;
    if (place <= last) {
      faults.push(
        `place ${place} stands behind place ${last}: ${wordRecord(record)} was inserted or exchanged`,
      );
      return;
    }
    if (place > last + 1) {
      faults.push(wordMissing(last + 1, place - 1));
      hash = undefined;
    }
    const isRight = hash === undefined || links(hash, record) === stored;
    if (record === "null") faults.push(`place ${place}: its event was gone from the database already`);
    else if (!isRight && before?.hash !== undefined && links(before.hash, record) === stored) {
      // The row before it was inserted, and places were renumbered.
      if (before.isRight) faults.push(`place ${last}: ${wordRecord(before.record)} was inserted there`);
    } else if (!isRight)
      faults.push(
        `place ${place}: ${wordRecord(record)} is not what was sealed there; it was changed, exchanged or inserted`,
      );
    if (isRight && record !== "null")
      for (const why of bindings.take(place, record))
        faults.push(`place ${place}: ${wordRecord(record)} ${why}`);
    if (isRight && record !== "null" && witness)
      for (const { whose: about, why } of witness(Buffer.from(record, "latin1")).changed) {
        const text = `place ${place}: ${wordRecord(record)} is not about who it was about: ${why}`;
        if (isNews({ text, about })) faults.push(text);
      }
    before = { record, hash, isRight };
    const checkpoint = expected.get(place);
    if (checkpoint) compared += 1;
    if (checkpoint && checkpoint.hash !== stored)
      faults.push(
        `place ${place}: the checkpoint of ${checkpoint.at} says ${checkpoint.hash.slice(0, 16)}… and the export ` +
          `${stored.slice(0, 16)}…; the chain was written anew`,
      );
    hash = stored;
    last = place;
  }

  return {
    faults,
    get rows() {
      return rows;
    },
    get compared() {
      return compared;
    },
    unbound: bindings.unbound,
    take(line) {
      if (proof) return void faults.push("something stands after the proof");
      if (!header) {
        header = SealedHeader.safeParse(parsed(line)).data;
        if (!header)
          faults.push("it does not begin as a sealed export does: its first line was changed or deleted");
        hash = header?.previous;
        last = (header?.from ?? Number(Row.exec(line)?.[1] ?? 1)) - 1;
        if (header) return;
        // Whatever the first line says, the rest can still be checked.
        header = { format: "hallpass-audit-sealed", version: 1, from: last + 1, previous: "" };
      }
      const [, place, stored, record] = Row.exec(line) ?? [];
      if (place !== undefined && stored !== undefined && record !== undefined)
        return takeRow(Number(place), stored, record);
      proof = Trailer.safeParse(parsed(line)).data?.proof;
      if (proof) return;
      // Cut off in the middle: `end` reports the missing proof.
      if (line.endsWith("…")) return;
      rows += 1;
      last += 1;
      before = undefined;
      hash = undefined;
      faults.push(`place ${last}: what stands there is no row of an export; it was changed or inserted`);
    },
    end(keys) {
      if (faults.length >= mostFaults) return undefined;
      if (!proof) {
        faults.push(`its end was cut off, or changed: there is no proof behind place ${last}`);
        return undefined;
      }
      const forged = proofFault(proof, keys);
      if (forged !== undefined) {
        faults.push(`the proof it ends with does not count: ${forged}`);
        return undefined;
      }
      faults.push(...rangeFaults(proof, { ...header, to: last, hash }));
      return proof;
    },
  };
}

type Found = {
  readonly from?: number;
  readonly previous?: string;
  readonly to: number;
  readonly hash: string | undefined;
};

/** Where the signed range differs from the one in the file. */
function rangeFaults(proof: SealedProof, { from, previous, to, hash }: Found): readonly string[] {
  const faults: string[] = [];
  if (from !== proof.from || (previous !== "" && previous !== proof.previous))
    faults.push(
      `its first line was changed: it begins at place ${proof.from}, behind ${proof.previous.slice(0, 16)}…`,
    );
  if (to < proof.to)
    faults.push(`${wordMissing(to + 1, proof.to)}: the proof names place ${proof.to} as the last`);
  if (to > proof.to)
    faults.push(`it ends at place ${to}, and the proof names ${proof.to}: something was inserted`);
  if (to === proof.to && hash !== undefined && hash !== proof.hash)
    faults.push(
      `place ${to}: ${proof.hash.slice(0, 16)}… was signed, and ${hash.slice(0, 16)}… stands there; the chain was written anew`,
    );
  return faults;
}

const Trailer = z.strictObject({ proof: SealedProof });

/** `linkHash` of a record given as bytes. */
function links(previous: string, record: string): string {
  return digest("sha256", Buffer.from(previous + record, "latin1"), "hex");
}

const Named = z.object({ type: z.string(), id: z.string(), at: z.string() });

function wordRecord(record: string): string {
  const event = Named.safeParse(parsed(record)).data;
  return event ? wordEvent(event) : "what stands there";
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(Buffer.from(line, "latin1").toString());
  } catch {
    return undefined;
  }
}
