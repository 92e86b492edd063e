import type { Checkpoint } from "../chain/checkpoint.ts";
import type { ChainFacts } from "./chain-facts.ts";

/** An event at its place in the chain, with the fields of an export (`auditFields`); `data` is left as it is. */
export type EventRecord = {
  readonly kind: "event";
  readonly sequence: number;
  readonly hash: string;
  readonly seq: number;
  readonly at: string;
  readonly type: string;
  /** `AR-1042` */
  readonly request: string | null;
  readonly actor: string;
  readonly rule: string | null;
  readonly [field: string]: unknown;
};

/** A record for a sink. A checkpoint has the place and the hash of the event it signs, and follows it. */
export type SinkRecord =
  | EventRecord
  | (Checkpoint & { readonly kind: "checkpoint" })
  /** Somebody deleted what was at this place, from the chain or from the log. */
  | { readonly kind: "missing"; readonly sequence: number; readonly hash: string | null };

/**
 * Reports something on the other side that Hallpass did not leave there, in Hallpass's own words, by which an operator finds it:
 * the same words for the same thing. It is passed on at once, and never believed.
 */
export type AtOdds = (what: string) => void;

/**
 * A destination for the audit. A batch holds 1 to about 1,000 records in the order of the chain. The caller repeats the same
 * records until `deliver` has resolved once, and possibly after that.
 */
export type Sink = {
  /** Resolves once the other side has all of them for good; otherwise throws a `SinkError`, even if it has some of them. */
  deliver(records: readonly SinkRecord[], signal: AbortSignal, atOdds: AtOdds): Promise<void>;
  /**
   * The place up to which the other side has everything, if it can tell: only claims that the chain confirms count. Called before
   * the first batch, and again after each failure.
   */
  reached?(facts: ChainFacts, signal: AbortSignal, atOdds: AtOdds): Promise<number>;
  /** How long to gather records before the next batch; a second by default. */
  readonly gatherMs?: number;
  close(): Promise<void>;
};

/** A batch was not taken; the message is for an operator and holds no secret. */
export class SinkError extends Error {
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = "SinkError";
  }
}

/** Writes one line of JSON, also for readers that end lines at more characters, such as Python's `splitlines`. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u0085\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Parses JSON; `undefined`, which no schema accepts, if it is invalid: the parser's own message would repeat the text. */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A record's id: the same for the same record, and for no other. */
export function recordId({ kind, sequence }: SinkRecord): string {
  return kind === "checkpoint" ? `checkpoint-${sequence}` : String(sequence);
}

/** When it happened; `undefined` for a missing record. */
export function recordTime(record: SinkRecord): string | undefined {
  return record.kind === "missing" ? undefined : record.at;
}
