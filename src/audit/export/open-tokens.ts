import type { PersonalDirectory } from "../../persistence/personal/directory.ts";
import { parseToken, tokenEnd, tokenStart } from "../../persistence/personal/token.ts";
import { bytesOf } from "../chain/byte-text.ts";
import type { ExportFormat } from "./filters.ts";

const start = bytesOf(tokenStart);
const end = bytesOf(tokenEnd);
const marker = start.length;
const valueLetter = "i".charCodeAt(0);
const dot = ".".charCodeAt(0);
const digitZero = "0".charCodeAt(0);

/** Writes what a token stands for in the token's place. `isCell`: the token is the whole cell of a CSV file. */
type Write = (text: string, isCell: boolean) => string;

/**
 * Returns a function that replaces tokens in whole lines of UTF-8, taken and returned as bytes (see `bytesOf`). Lines can be
 * handled one by one: no token contains a line break.
 */
export function createTokenOpener(
  directory: PersonalDirectory,
  format: ExportFormat,
): (lines: string) => string {
  const write: Write = format === "csv" ? writeCsv : writeJson;
  const cells: Known[] = [];
  const inside: Known[] = [];

  function open(inner: string, isCell: boolean): string | undefined {
    const token = parseToken(inner);
    if (!token) return undefined;
    // What somebody typed themselves is harmless wherever it was written.
    return token.kind === "literal" ? start : bytesOf(write(directory.openToken(token), isCell));
  }

  return (lines) => {
    let opened = "";
    let copied = 0;
    for (let at = lines.indexOf(start); at !== -1; at = lines.indexOf(start, at)) {
      const from = at + marker;
      const to = lines.indexOf(end, from);
      if (to === -1) break;
      const before = at === 0 ? "\n" : lines[at - 1];
      const isCell = before === "," || before === "\n";
      const known = isCell ? cells : inside;
      const valueId = lines.charCodeAt(from) === valueLetter ? numberAt(lines, from + 1) : -1;
      const seen = known[valueId];
      // Only for an identical token: its mark says what the row has to be.
      const isKnown = seen?.token.length === to - from && lines.startsWith(seen.token, from);
      const replacement = isKnown ? seen.text : open(lines.slice(from, to), isCell);
      at = from;
      if (replacement === undefined) continue;
      if (valueId >= 0 && !isKnown) known[valueId] = { token: lines.slice(from, to), text: replacement };
      opened += lines.slice(copied, from - marker) + replacement;
      copied = to + marker;
      at = copied;
    }
    const whole = copied === 0 ? lines : opened + lines.slice(copied);
    return format === "csv" ? whole : escapeLineEnds(whole);
  };
}

/** A token and what it was replaced with. */
type Known = { readonly token: string; readonly text: string };

/** The number at an offset, if a dot or the end of a token follows; otherwise -1. */
function numberAt(text: string, from: number): number {
  let number = 0;
  for (let at = from; at < from + 11; at += 1) {
    const character = text.charCodeAt(at);
    const digit = character - digitZero;
    if (digit < 0 || digit > 9)
      return at > from && (character === dot || text.startsWith(end, at)) ? number : -1;
    number = number * 10 + digit;
  }
  return -1;
}

const writeJson: Write = (text) => JSON.stringify(text).slice(1, -1);

const writeCsv: Write = (text, isCell) => {
  if (!isCell) return inertInside(writeJson(text, false)).replaceAll('"', '""');
  const inert = /^[=+\-@\t\r\uFF1D\uFF0B\uFF0D\uFF20]/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
};

/** Where `;` separates cells, one inside JSON could begin a formula. */
function inertInside(json: string): string {
  if (!json.includes(";")) return json;
  return json.replaceAll(/;(?=\s*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20])/g, String.raw`\u003b`);
}

const separators: readonly (readonly [string, string])[] = [
  ["\u0085", String.raw`\u0085`],
  ["\u2028", String.raw`\u2028`],
  ["\u2029", String.raw`\u2029`],
].map(([character = "", escape = ""]) => [bytesOf(character), escape]);

/** JSON leaves these characters as they are, and readers such as Python's `splitlines` end a line at them. */
function escapeLineEnds(lines: string): string {
  return separators.reduce(
    (rest, [character, escape]) => (rest.includes(character) ? rest.replaceAll(character, escape) : rest),
    lines,
  );
}
