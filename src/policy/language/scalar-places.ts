import { SCALAR_STYLE, type ScalarStyle } from "js-yaml";

/**
 * Where in a scalar's source, without quotes and header, its n-th character stands. YAML folds, strips and indents only
 * white space, so the other characters of a value stand in its source in the same order: counting those finds the place
 * in every style.
 */
export function offsetInScalar(source: string, style: ScalarStyle, value: string, offset: number): number {
  const before = value.slice(0, Math.max(0, offset));
  const black = before.replace(/\s/gu, "").length;
  const white = before.length - before.trimEnd().length;

  let counted = 0;
  let end = 0;
  for (const { start, length, units } of charactersOf(source, style)) {
    if (counted + units > black) return isBlack(value, offset) ? start : Math.min(end + white, start);
    counted += units;
    if (units > 0) end = start + length;
  }
  const lineEnd = source.slice(end).search(/[\r\n]/u);
  return Math.min(end + white, lineEnd < 0 ? source.length : end + lineEnd);
}

function isBlack(value: string, offset: number): boolean {
  return /\S/u.test(value.charAt(offset));
}

type Character = {
  readonly start: number;
  readonly length: number;
  /** How many UTF-16 units of the value it stands for, white space not counted. */
  readonly units: number;
};

function* charactersOf(source: string, style: ScalarStyle): Generator<Character> {
  for (const { 0: text, index } of source.matchAll(written[style]))
    yield { start: index, length: text.length, units: unitsOf(text, style) };
}

// Without the flag u, a surrogate pair counts as the two units it has in the value.
const written: Readonly<Record<ScalarStyle, RegExp>> = {
  [SCALAR_STYLE.PLAIN]: /\S/g,
  [SCALAR_STYLE.LITERAL_BLOCK]: /\S/g,
  [SCALAR_STYLE.FOLDED_BLOCK]: /\S/g,
  [SCALAR_STYLE.SINGLE_QUOTED]: /''|\S/g,
  [SCALAR_STYLE.DOUBLE_QUOTED]: /\\(?:x..|u.{4}|U.{8}|[^])|\S/g,
};

/** https://yaml.org/spec/1.2.2/#57-escaped-characters */
function unitsOf(text: string, style: ScalarStyle): number {
  if (style !== SCALAR_STYLE.DOUBLE_QUOTED || !text.startsWith("\\")) return 1;
  const code = /^\\[xuU](.+)$/u.exec(text)?.[1];
  if (code !== undefined) return decoded(code).replace(/\s/gu, "").length;
  return /[tnvfr_LP\s]/u.test(text.slice(1)) ? 0 : 1;
}

function decoded(hexadecimal: string): string {
  const code = Number.parseInt(hexadecimal, 16);
  return code <= 0x10_ff_ff ? String.fromCodePoint(code) : "";
}
