import { canonicalize } from "json-canonicalize";

/**
 * The canonical form (RFC 8785) of JSON that PostgreSQL wrote from `jsonb`, or `JSON.stringify`: no key is in it twice and no
 * escape that is not needed. A million events are hashed when the chain is verified, so texts are moved as they stand.
 */
export function canonicalJson(json: string): string {
  return canonicalBytes(json) ?? canonicalize(JSON.parse(json));
}

/**
 * The same of UTF-8 that is given and handed back as a character for each byte. `undefined` where a key is not plain ASCII: their
 * order is that of UTF-16, which bytes cannot tell.
 */
export function canonicalBytes(json: string): string | undefined {
  const reading: Reading = { json, at: 0, isPlain: true };
  const value = readValue(reading);
  if (reading.at !== json.length) throw unexpected(reading);
  return reading.isPlain ? value : undefined;
}

/** How far it has been read. `isPlain`: all keys so far are printed ASCII, and nothing in them is escaped. */
type Reading = { readonly json: string; at: number; isPlain: boolean };

const backslash = "\\".charCodeAt(0);
const comma = ",".charCodeAt(0);
const space = " ".charCodeAt(0);
const braceEnd = "}".charCodeAt(0);
const bracketEnd = "]".charCodeAt(0);

function readValue(reading: Reading): string {
  const first = reading.json[reading.at];
  if (first === '"') return readString(reading);
  if (first === "{") return readObject(reading);
  if (first === "[") return readArray(reading);
  return readWord(reading);
}

/** Keys are compared with their quotes: what comes before one in ASCII would sort `"a "` before `"a"`. */
const plainKey = /^"[#-[\]-~]*"$/;

function readObject(reading: Reading): string {
  const keys: string[] = [];
  const values: string[] = [];
  reading.at += 1;
  while (!isOver(reading, braceEnd)) {
    const key = readString(reading);
    reading.isPlain &&= plainKey.test(key);
    pass(reading);
    const value = readValue(reading);
    // There are few, and most are in order already.
    let place = keys.length;
    for (let before = keys[place - 1]; before !== undefined && before > key; before = keys[place - 1]) {
      keys[place] = before;
      values[place] = values[place - 1] ?? "";
      place -= 1;
    }
    keys[place] = key;
    values[place] = value;
  }
  let written = "";
  for (let place = 0; place < keys.length; place += 1)
    written += `${place === 0 ? "" : ","}${keys[place]}:${values[place]}`;
  return `{${written}}`;
}

function readArray(reading: Reading): string {
  let written = "";
  reading.at += 1;
  while (!isOver(reading, bracketEnd)) {
    const value = readValue(reading);
    written += written === "" ? value : `,${value}`;
  }
  return `[${written}]`;
}

/** Whether the end has come; passes it, or the comma before the next member. */
function isOver(reading: Reading, end: number): boolean {
  const character = reading.json.charCodeAt(reading.at);
  if (character === end) reading.at += 1;
  else if (character === comma) pass(reading);
  return character === end;
}

/** Passes one character and the space after it. */
function pass(reading: Reading): void {
  reading.at += reading.json.charCodeAt(reading.at + 1) === space ? 2 : 1;
}

function readString(reading: Reading): string {
  const { json, at } = reading;
  let end = json.indexOf('"', at + 1);
  while (isEscaped(json, end)) end = json.indexOf('"', end + 1);
  if (end === -1) throw unexpected(reading);
  reading.at = end + 1;
  return json.slice(at, end + 1);
}

function isEscaped(json: string, at: number): boolean {
  let from = at;
  while (json.charCodeAt(from - 1) === backslash) from -= 1;
  return (at - from) % 2 === 1;
}

/** A number, or `true`, `false` and `null`, which are as they should be. */
function readWord(reading: Reading): string {
  const { json, at } = reading;
  while (reading.at < json.length && isOfWord(json.charCodeAt(reading.at))) reading.at += 1;
  const word = json.slice(at, reading.at);
  if (word === "") throw unexpected(reading);
  // PostgreSQL writes 1.50 and as many digits as there are.
  return canonicalWord.test(word) ? word : JSON.stringify(JSON.parse(word));
}

const canonicalWord = /^(?:true|false|null|0|-?[1-9]\d{0,14})$/;

function isOfWord(character: number): boolean {
  return character !== comma && character !== braceEnd && character !== bracketEnd;
}

function unexpected({ at }: Reading): Error {
  return new Error(`expected JSON as PostgreSQL writes it, got something else at character ${at}`);
}
