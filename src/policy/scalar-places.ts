import { Scalar } from "yaml";

/**
 * Where in a scalar's source its n-th character stands. YAML folds, strips and indents only white space, so the other
 * characters of a value stand in its source in the same order: counting those finds the place in every style.
 */
export function offsetInScalar(source: string, style: Scalar.Type, value: string, offset: number): number {
  const [from, to] = bodyOf(source, style);
  const before = value.slice(0, Math.max(0, offset));
  const black = before.replace(/\s/gu, "").length;
  const white = before.length - before.trimEnd().length;

  let counted = 0;
  let end = from;
  for (const { start, length, units } of charactersOf(source.slice(from, to), style)) {
    if (counted + units > black)
      return isBlack(value, offset) ? from + start : Math.min(end + white, from + start);
    counted += units;
    if (units > 0) end = from + start + length;
  }
  const lineEnd = source.slice(end, to).search(/[\r\n]/u);
  return Math.min(end + white, lineEnd < 0 ? to : end + lineEnd);
}

function isBlack(value: string, offset: number): boolean {
  return /\S/u.test(value.charAt(offset));
}

function bodyOf(source: string, style: Scalar.Type): readonly [from: number, to: number] {
  switch (style) {
    case Scalar.PLAIN:
      return [0, source.length];
    case Scalar.QUOTE_SINGLE:
    case Scalar.QUOTE_DOUBLE:
      return [1, Math.max(1, source.length - 1)];
    case Scalar.BLOCK_LITERAL:
    case Scalar.BLOCK_FOLDED:
      // The first line is the header, with a comment perhaps.
      return [source.indexOf("\n") + 1, source.length];
  }
}

type Character = {
  readonly start: number;
  readonly length: number;
  /** How many UTF-16 units of the value it stands for, white space not counted. */
  readonly units: number;
};

function* charactersOf(body: string, style: Scalar.Type): Generator<Character> {
  for (const { 0: text, index } of body.matchAll(written[style]))
    yield { start: index, length: text.length, units: unitsOf(text, style) };
}

// Without the flag u, a surrogate pair counts as the two units it has in the value.
const written: Readonly<Record<Scalar.Type, RegExp>> = {
  [Scalar.PLAIN]: /\S/g,
  [Scalar.BLOCK_LITERAL]: /\S/g,
  [Scalar.BLOCK_FOLDED]: /\S/g,
  [Scalar.QUOTE_SINGLE]: /''|\S/g,
  [Scalar.QUOTE_DOUBLE]: /\\(?:x..|u.{4}|U.{8}|[^])|\S/g,
};

/** https://yaml.org/spec/1.2.2/#57-escaped-characters */
function unitsOf(text: string, style: Scalar.Type): number {
  if (style !== Scalar.QUOTE_DOUBLE || !text.startsWith("\\")) return 1;
  const code = /^\\[xuU](.+)$/u.exec(text)?.[1];
  if (code !== undefined) return decoded(code).replace(/\s/gu, "").length;
  return /[tnvfr_LP\s]/u.test(text.slice(1)) ? 0 : 1;
}

function decoded(hexadecimal: string): string {
  const code = Number.parseInt(hexadecimal, 16);
  return code <= 0x10_ff_ff ? String.fromCodePoint(code) : "";
}
