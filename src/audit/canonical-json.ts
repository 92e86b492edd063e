import { canonicalize } from "json-canonicalize";

/**
 * The canonical form (RFC 8785) of JSON that PostgreSQL wrote from `jsonb`, or `JSON.stringify`: no key is in it twice and no
 * escape that is not needed.
 */
export function canonicalJson(json: string): string {
  const from = Buffer.from(json);
  const pen: Pen = { from, at: 0, to: Buffer.alloc(2 * from.length), end: 0, hasEscapes: true };
  const isWritten = writeCanonical(pen) && pen.at === from.length;
  return isWritten ? pen.to.toString("utf8", 0, pen.end) : canonicalize(JSON.parse(json));
}

/** JSON in UTF-8 and how far it has been read; what is written and how far. */
export type Pen = {
  readonly from: Buffer;
  at: number;
  /** Has room for twice as much as there is to read. */
  readonly to: Buffer;
  end: number;
  /** Whether a backslash is one of JSON; otherwise what has one cannot be read. */
  readonly hasEscapes: boolean;
};

/**
 * Writes the canonical form of the value where the pen is; that is never longer. A million events are hashed when the chain is
 * verified, so bytes are moved as they stand. `false` where that cannot be: a key is not plain ASCII, and the order of keys is that
 * of UTF-16, which bytes cannot tell.
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
    // What it escapes may be a quote.
    to[end++] = from[++at] ?? 0;
  }
  to[end++] = quote;
  pen.at = at + 1;
  pen.end = end;
  return true;
}

/** With its quotes and the colon. What comes before a quote in ASCII would sort `"a "` before `"a"`, and is not plain. */
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

/** Whether the key written at one place comes before that at another. */
function isBefore(to: Buffer, one: number, other: number): boolean {
  let at = 1;
  while (to[one + at] === to[other + at] && to[one + at] !== quote) at += 1;
  return (to[one + at] ?? 0) < (to[other + at] ?? 0);
}

/** Orders members, the last of which has just been written, by their keys. */
function order({ to, end }: Pen, members: readonly number[]): void {
  const places: number[] = [];
  for (let written = 0; written < members.length; written += 1) {
    const member = members[written] ?? end;
    // There are few, and most are in order already.
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

/** Writes a comma behind a value; whether another follows, or the end. */
function writeComma(pen: Pen, last: number): boolean {
  pen.to[pen.end++] = comma;
  const next = pen.from[pen.at];
  if (next === comma) pass(pen);
  return next === comma || next === last;
}

/** Writes the end of an object or an array in the place of its last comma, if it has one. */
function close(pen: Pen, last: number): void {
  if (pen.to[pen.end - 1] === comma) pen.end -= 1;
  pen.to[pen.end++] = last;
  pen.at += 1;
}

/** Passes one character and the space after it. */
function pass(pen: Pen): void {
  pen.at += pen.from[pen.at + 1] === space ? 2 : 1;
}

/** A number, or `true`, `false` and `null`, which are as they should be. */
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
  // PostgreSQL writes 1.50 and as many digits as there are.
  pen.end += to.write(JSON.stringify(Number(word)), pen.end - length) - length;
  return true;
}

const literals: ReadonlySet<string> = new Set(["true", "false", "null"]);
const jsonNumber = /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i;

/** So many digits every number has that is one of JavaScript. */
const exactDigits = 15;

export function isDigit(byte: number): boolean {
  return byte >= zero && byte <= nine;
}

function isOfWord(byte: number | undefined): byte is number {
  return byte !== undefined && byte > space && byte !== comma && byte !== braceEnd && byte !== bracketEnd;
}
