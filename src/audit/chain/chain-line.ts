import { hash } from "node:crypto";
import { isDigit, type Pen, writeCanonical } from "./canonical-json.ts";
import { canonicalRecord, type ChainedEvent, chainedFields, type EventFields } from "./chain.ts";
import { wordEvent } from "./fault-words.ts";

/** A place of the chain as the database holds it. */
export type ChainPlace = {
  readonly place: number;
  readonly hash: string;
  /** Absent if the event is gone from `audit_events`. */
  readonly event: SealedEvent | undefined;
};

/** An event and its canonical JSON; valid until the next one is read. */
export type SealedEvent = {
  /** Empty if the event has none. */
  readonly at: string;
  /** Space for the previous hash, then the canonical JSON up to `end`. */
  readonly linked: Buffer;
  readonly end: number;
  /** Whether the event has its request's number; `undefined` if it belongs to no request. */
  readonly isNumbered: boolean | undefined;
  readonly columns: Columns;
};

/** The columns of an event as COPY wrote them: where they begin in `lines`, and where the next line begins. */
type Columns = { readonly lines: Buffer; readonly from: number; readonly next: number };

const hashLength = 64;

/** Bytes hashed besides the columns: the previous hash, and field names. */
const besides = hashLength + chainedFields.reduce((length, { name }) => length + name.length + 8, 0);

/**
 * Reads the places in whole lines of COPY, in order. A line holds the place, its hash and the event's columns in the order of
 * `chainedFields`.
 */
export function* placesIn(lines: Buffer): Generator<ChainPlace> {
  let to = Buffer.alloc(65_536);
  for (const { place, from, next } of linesIn(lines)) {
    if (to.length < besides + 2 * (next - from)) to = Buffer.alloc(2 * (besides + 2 * (next - from)));
    const columns = lines.indexOf(tab, from) + 1;
    yield {
      place,
      hash: lines.toString("latin1", from, columns - 1),
      event: readEvent({ lines, from: columns, next }, to),
    };
  }
}

/** A line: its place, where the rest of it begins, and where the next line begins. */
type Line = { readonly place: number; readonly from: number; readonly next: number };

function linesIn(lines: Buffer): readonly Line[] {
  const found: Line[] = [];
  let isOrdered = true;
  let last = 0;
  for (let at = 0; at < lines.length;) {
    let place = 0;
    for (let byte = lines[at++]; byte !== undefined && isDigit(byte); byte = lines[at++])
      place = place * 10 + byte - zero;
    const next = lines.indexOf(newline, at) + 1;
    found.push({ place, from: at, next });
    isOrdered &&= place > last;
    last = place;
    at = next;
  }
  // They are in order, unless an event was sealed late.
  return isOrdered ? found : found.toSorted((one, other) => one.place - other.place);
}

/** Computes `linkHash` for an event that was read. */
export function linkHashOf(previous: string, { linked, end }: SealedEvent): string {
  if (previous.length === hashLength) {
    linked.write(previous, "latin1");
    return hash("sha256", linked.subarray(0, end), "hex");
  }
  // Not a hash of ours, but somebody may have written it to the chain.
  const whole = Buffer.concat([Buffer.from(previous, "latin1"), linked.subarray(hashLength, end)]);
  return hash("sha256", whole, "hex");
}

/** The canonical JSON of an event that was read, in UTF-8. */
export function recordOf({ linked, end }: SealedEvent): Buffer {
  return linked.subarray(hashLength, end);
}

/** Describes an event so that people can find it. */
export function wordSealed({ columns }: SealedEvent): string {
  const { type, at, id } = eventIn(columns);
  return wordEvent({ type: String(type), at: String(at), id: String(id) });
}

function readEvent(columns: Columns, to: Buffer): SealedEvent | undefined {
  const { lines, from } = columns;
  const pen: Pen = { from: lines, at: from, to, end: hashLength, hasEscapes: false };
  let at = "";
  let isNumbered: boolean | undefined;
  for (const { name, key, write } of writers) {
    if (isAbsent(lines, pen.at)) {
      if (name === "id") return undefined;
      pen.at += absent.length + 1;
      continue;
    }
    let { end } = pen;
    for (let byte = 0; byte < key.length; byte += 1) to[end++] = key[byte] ?? 0;
    pen.end = end;
    if (!write(pen) || !isColumnEnd(lines[pen.at])) return readText(columns);
    if (name === "at") at = to.toString("latin1", pen.end - 1 - timeLength, pen.end - 1);
    else if (name === "requestId") isNumbered = false;
    else if (name === "requestNumber") isNumbered = true;
    pen.at += 1;
  }
  // Overwrites the first comma.
  to[hashLength] = brace;
  to[pen.end++] = braceEnd;
  return { at, linked: to, end: pen.end, isNumbered, columns };
}

/** Reads any event, by way of strings. */
function readText(columns: Columns): SealedEvent | undefined {
  const event = eventIn(columns);
  if (event.id === null) return undefined;
  const linked = Buffer.from(" ".repeat(hashLength) + canonicalRecord(event));
  const isNumbered = event.requestNumber == null ? (event.requestId == null ? undefined : false) : true;
  return { at: String(event.at ?? ""), linked, end: linked.length, isNumbered, columns };
}

const code = (character: string): number => character.charCodeAt(0);
const tab = code("\t");
const newline = code("\n");
const space = code(" ");
const quote = code('"');
const brace = code("{");
const braceEnd = code("}");
const backslash = code("\\");
const bigN = code("N");
const bigZ = code("Z");
const zero = code("0");
const plus = code("+");

function isColumnEnd(byte: number | undefined): boolean {
  return byte === tab || byte === newline;
}

function isAbsent(lines: Buffer, at: number): boolean {
  return lines[at] === backslash && lines[at + 1] === bigN && isColumnEnd(lines[at + 2]);
}

const numbers: ReadonlySet<string> = new Set(["seq", "requestNumber", "actorPerson", "requesterPerson"]);

/** How to write the column at the pen as a member of the record. `false`: that takes strings, see `readText`. */
const writers = chainedFields.map(({ name }) => ({
  name,
  key: Buffer.from(`,"${name}":`),
  write: name === "data" || numbers.has(name) ? writeCanonical : name === "at" ? writeTime : writeText,
}));

function writeText(pen: Pen): boolean {
  const { from, to } = pen;
  let { at, end } = pen;
  to[end++] = quote;
  for (let byte = from[at]; byte !== undefined && byte >= space; byte = from[++at]) {
    if (byte === quote || byte === backslash) return false;
    to[end++] = byte;
  }
  to[end++] = quote;
  pen.at = at;
  pen.end = end;
  return true;
}

/** A UTC time as COPY writes it, and as the record does. COPY's fraction may end early. */
const copiedTime = Buffer.from("0000-00-00 00:00:00.000");
const writtenTime = Buffer.from("0000-00-00T00:00:00.000");
const fraction = copiedTime.indexOf(".");
const timeLength = writtenTime.length + 1;

function writeTime(pen: Pen): boolean {
  const { from, to } = pen;
  let { at, end } = pen;
  to[end++] = quote;
  for (let place = 0; place < copiedTime.length; place += 1) {
    const byte = from[at] ?? newline;
    const copied = copiedTime[place];
    const isOver = place >= fraction && byte === plus;
    if (!isOver && (copied === zero ? !isDigit(byte) : byte !== copied)) return false;
    to[end++] = !isOver && copied === zero ? byte : (writtenTime[place] ?? zero);
    if (!isOver) at += 1;
  }
  to[end++] = bigZ;
  to[end++] = quote;
  // Skips `+00`. Anything else is not a time in UTC, and too long for the column to end there.
  pen.at = at + "+00".length;
  pen.end = end;
  return true;
}

/** The event whose columns these are. */
function eventIn({ lines, from, next }: Columns): EventFields {
  const values = lines.toString("utf8", from, next - 1).split("\t");
  const event: { -readonly [name in keyof EventFields]: EventFields[name] } = {};
  for (const [column, { name }] of chainedFields.entries())
    event[name] = fieldIn(name, values[column] ?? absent);
  return event;
}

/** How COPY writes NULL. */
const absent = String.raw`\N`;

function fieldIn(name: keyof ChainedEvent, value: string): string | number | null {
  if (value === absent) return null;
  if (name === "at") return isoTime(value);
  return numbers.has(name) ? Number(value) : unescaped(value);
}

/** `2026-03-03 10:00:00.12+00` as `2026-03-03T10:00:00.120Z`. */
function isoTime(value: string): string {
  const [seconds = "", fractionOfIt = ""] = value.replace("+00", "").split(".");
  return `${seconds.replace(" ", "T")}.${fractionOfIt.padEnd(3, "0")}Z`;
}

/** Undoes what COPY escapes (https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-FILE-FORMATS). */
function unescaped(value: string): string {
  if (!value.includes("\\")) return value;
  return value.replaceAll(/\\(.)/g, (_, character: string) => escapes.get(character) ?? character);
}

const escapes: ReadonlyMap<string, string> = new Map([
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
  ["v", "\v"],
]);
