import { canonicalize } from "json-canonicalize";

/**
 * Canonicalises (RFC 8785) JSON that PostgreSQL wrote from `jsonb`, or that `JSON.stringify` wrote: it has no duplicate keys and no
 * needless escapes.
 */
export function canonicalJson(json: string): string {
  const from = Buffer.from(json);
  const pen: Pen = { from, at: 0, to: Buffer.alloc(2 * from.length), end: 0, hasEscapes: true };
  const isWritten = writeCanonical(pen) && pen.at === from.length;
  return isWritten ? pen.to.toString("utf8", 0, pen.end) : canonicalize(JSON.parse(json));
}

/** The input, JSON in UTF-8, with the read position; the output, with the write position. */
export type Pen = {
  readonly from: Buffer;
  at: number;
  /** Has room for twice the input. */
  readonly to: Buffer;
  end: number;
  /** Whether a backslash is a JSON escape. If not, a value that contains one cannot be read. */
  readonly hasEscapes: boolean;
};

/**
 * Writes the canonical form of the value at the pen, which is never longer. Verifying the chain hashes a million events, so bytes
 * are copied as they are. Returns `false` where that does not suffice: keys are ordered by UTF-16 code units, which bytes cannot
 * tell unless a key is plain ASCII.
 */
export function writeCanonical(pen: Pen): boolean {
  const first = pen.from[pen.at];
  if (first === quote) return writeString(pen);
  if (first === brace) return writeObject(pen);
  if (first === bracket) return writeArray(pen);
  return writeWord(pen);
}

const code = (character: string): number => character.charCodeAt(0);
const quote = code('"');
const backslash = code("\\");
const brace = code("{");
const braceEnd = code("}");
const bracket = code("[");
const bracketEnd = code("]");
const colon = code(":");
const comma = code(",");
const space = code(" ");
const zero = code("0");
const nine = code("9");

function writeString(pen: Pen): boolean {
  const { from, to, hasEscapes } = pen;
  let { at, end } = pen;
  to[end++] = quote;
  for (let byte = from[++at]; byte !== quote; byte = from[++at]) {
    if (byte === undefined || byte < space) return false;
    to[end++] = byte;
    if (byte !== backslash) continue;
    if (!hasEscapes) return false;
    // The escaped character may be a quote.
    to[end++] = from[++at] ?? 0;
  }
  to[end++] = quote;
  pen.at = at + 1;
  pen.end = end;
  return true;
}

/** Writes a key with its quotes and the colon. A character below the quote in ASCII is not plain: it would sort `"a "` before `"a"`. */
function writeKey(pen: Pen): boolean {
  const { from, to } = pen;
  let { at, end } = pen;
  if (from[at] !== quote) return false;
  to[end++] = quote;
  for (let byte = from[++at]; byte !== quote; byte = from[++at]) {
    if (byte === undefined || byte < quote || byte > lastPlain || byte === backslash) return false;
    to[end++] = byte;
  }
  to[end++] = quote;
  to[end++] = colon;
  pen.at = at + 1;
  pen.end = end;
  return from[pen.at] === colon;
}

const lastPlain = code("~");

function writeObject(pen: Pen): boolean {
  const { from, to } = pen;
  /** Where members begin; each ends with a comma. */
  const members: number[] = [];
  let isOrdered = true;
  let before = -1;
  to[pen.end++] = brace;
  pen.at += 1;
  while (from[pen.at] !== braceEnd) {
    const member = pen.end;
    if (!writeKey(pen)) return false;
    pass(pen);
    isOrdered &&= before === -1 || isBefore(to, before, member);
    members.push(member);
    before = member;
    if (!writeCanonical(pen) || !writeComma(pen, braceEnd)) return false;
  }
  if (!isOrdered) order(pen, members);
  close(pen, braceEnd);
  return true;
}

/** Whether the key at one place sorts before the key at another. */
function isBefore(to: Buffer, one: number, other: number): boolean {
  let at = 1;
  while (to[one + at] === to[other + at] && to[one + at] !== quote) at += 1;
  return (to[one + at] ?? 0) < (to[other + at] ?? 0);
}

/** Sorts members, the last of which has just been written, by key. */
function order({ to, end }: Pen, members: readonly number[]): void {
  const places: number[] = [];
  for (let written = 0; written < members.length; written += 1) {
    const member = members[written] ?? end;
    // Insertion sort: there are few, and most are in order already.
    let place = written;
    for (; place > 0; place -= 1) {
      const before = places[place - 1] ?? 0;
      if (isBefore(to, members[before] ?? 0, member)) break;
      places[place] = before;
    }
    places[place] = written;
  }
  const first = members[0] ?? end;
  to.copyWithin(end, first, end);
  let at = first;
  for (const place of places) {
    const from = members[place] ?? end;
    const next = members[place + 1] ?? end;
    for (let byte = from; byte < next; byte += 1) to[at++] = to[byte - first + end] ?? 0;
  }
}

function writeArray(pen: Pen): boolean {
  const { from, to } = pen;
  to[pen.end++] = bracket;
  pen.at += 1;
  while (from[pen.at] !== bracketEnd) if (!writeCanonical(pen) || !writeComma(pen, bracketEnd)) return false;
  close(pen, bracketEnd);
  return true;
}

/** Writes a comma after a value. Returns whether another value, or the end, follows. */
function writeComma(pen: Pen, last: number): boolean {
  pen.to[pen.end++] = comma;
  const next = pen.from[pen.at];
  if (next === comma) pass(pen);
  return next === comma || next === last;
}

/** Writes the end of an object or array over its last comma, if it has one. */
function close(pen: Pen, last: number): void {
  if (pen.to[pen.end - 1] === comma) pen.end -= 1;
  pen.to[pen.end++] = last;
  pen.at += 1;
}

/** Skips one character and the space after it. */
function pass(pen: Pen): void {
  pen.at += pen.from[pen.at + 1] === space ? 2 : 1;
}

/** Writes a number, or `true`, `false` or `null`, which are canonical already. */
function writeWord(pen: Pen): boolean {
  const { from, to, at } = pen;
  let isDigits = true;
  for (let byte = from[pen.at]; isOfWord(byte); byte = from[pen.at]) {
    isDigits &&= isDigit(byte);
    to[pen.end++] = byte;
    pen.at += 1;
  }
  const length = pen.at - at;
  if (isDigits && length > 0 && length <= exactDigits) return true;
  const word = from.toString("latin1", at, pen.at);
  if (literals.has(word)) return true;
  if (!jsonNumber.test(word)) return false;
  // PostgreSQL writes 1.50, and every digit there is.
  pen.end += to.write(JSON.stringify(Number(word)), pen.end - length) - length;
  return true;
}

const literals: ReadonlySet<string> = new Set(["true", "false", "null"]);
const jsonNumber = /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i;

/** Every integer of up to this many digits is exact in JavaScript. */
const exactDigits = 15;

export function isDigit(byte: number): boolean {
  return byte >= zero && byte <= nine;
}

function isOfWord(byte: number | undefined): byte is number {
  return byte !== undefined && byte > space && byte !== comma && byte !== braceEnd && byte !== bracketEnd;
}
