import type { Checkpoint } from "../checkpoint.ts";
import type { ChainFacts } from "./chain-facts.ts";

/** An event at its place in the chain; beside these the fields of an export (`auditFields`), `data` as it is. */
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

/** What a sink is given. A checkpoint has the place and the hash of the event it signs, and comes after it. */
export type SinkRecord =
  | EventRecord
  | (Checkpoint & { readonly kind: "checkpoint" })
  /** Somebody deleted what stood at this place, from the chain or from the log. */
  | { readonly kind: "missing"; readonly sequence: number; readonly hash: string | null };

/**
 * Hears what the other side holds that Hallpass did not leave there, in words of Hallpass's own that an operator finds it by:
 * the same words for the same thing. It is told at once, and never believed.
 */
export type AtOdds = (what: string) => void;

/**
 * Somewhere the audit is sent. A batch holds 1 to some 1,000 records in the order of the chain. Whoever calls gives the same
 * records again until `deliver` has resolved once, and possibly after that.
 */
export type Sink = {
  /** Resolves when the other side has all of them for good; throws a `SinkError` otherwise, whatever part of them it has. */
  deliver(records: readonly SinkRecord[], signal: AbortSignal, atOdds: AtOdds): Promise<void>;
  /**
   * The place up to which the other side has everything, where it can tell: of what it says only what the chain bears out.
   * Asked for before the first batch, and again after each failure.
   */
  reached?(facts: ChainFacts, signal: AbortSignal, atOdds: AtOdds): Promise<number>;
  /** How long records are gathered before the next batch; a second unless told. */
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

/** One line of JSON, whatever ends a line for its reader: Python's `splitlines`, say, takes these too. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u0085\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** What a text says in JSON; `undefined`, which no schema takes, where it says nothing: the parser's own words would repeat it. */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The same for the same record, and for no other. */
export function recordId({ kind, sequence }: SinkRecord): string {
  return kind === "checkpoint" ? `checkpoint-${sequence}` : String(sequence);
}

/** When it happened; `undefined` for what is missing. */
export function recordTime(record: SinkRecord): string | undefined {
  return record.kind === "missing" ? undefined : record.at;
}
