/**
 * What stands in the audit instead of what is personal: `START i123.7.MARK END` for row 123 of `personal_values`, which is of
 * person 7, `START t7.12:… END` for a text sealed with the keys of persons 7 and 12, and `START l END` for a START that somebody
 * wrote, so that no text can pass itself off as a token. The chain hashes tokens, so MARK (see `markOf`) binds it to what the row
 * says and to the person's key; without the key it says nothing. A text is bound by itself: no other key opens it. `START i123
 * END`, without a mark, stands in events that were written before tokens had one. START and END are noncharacters of Unicode, which are for such use and stand for
 * nothing (https://www.unicode.org/faq/private_use.html#noncharacters); PostgreSQL, JSON and CSV leave them as they are.
 */
export const tokenStart = "\uFDD0";
export const tokenEnd = "\uFDD1";

const literalStart = `${tokenStart}l${tokenEnd}`;

/** What a person wrote, with nothing in it that reads as a token. */
export function escapeTokens(text: string): string {
  return text.includes(tokenStart) ? text.replaceAll(tokenStart, literalStart) : text;
}

/** Stands for a row of `personal_values`, which is of that person and has that mark. */
export function valueToken(valueId: number, person: number, mark: Buffer): string {
  return `${tokenStart}i${valueId}.${person}.${mark.toString("base64url")}${tokenEnd}`;
}

/** A sealed text; only all of these persons' keys open it. */
export function textToken(persons: readonly number[], sealed: Buffer): string {
  return `${tokenStart}t${persons.join(".")}:${sealed.toString("base64url")}${tokenEnd}`;
}

/** `bound`: what the row has to be; absent where nothing was said of it. */
export type ValueToken = {
  readonly kind: "value";
  readonly valueId: number;
  readonly bound?: { readonly person: number; readonly mark: string };
};

export type Token =
  | { readonly kind: "literal" }
  | ValueToken
  | { readonly kind: "text"; readonly persons: readonly number[]; readonly sealed: string };

/** What is between START and END; `undefined` when it is no token. */
export function parseToken(inner: string): Token | undefined {
  if (inner === "l") return { kind: "literal" };
  const [, valueId, person, mark] = /^i(\d{1,10})(?:\.(\d{1,10})\.([\w-]{22}))?$/.exec(inner) ?? [];
  if (valueId !== undefined) {
    const bound =
      person === undefined || mark === undefined ? {} : { bound: { person: Number(person), mark } };
    return { kind: "value", valueId: Number(valueId), ...bound };
  }
  // Not one pattern for the whole: what is sealed may be long, and a wrong character in it opens to nothing anyway.
  const colon = inner.startsWith("t") ? inner.indexOf(":") : -1;
  if (colon === -1) return undefined;
  const persons = inner.slice(1, colon);
  return /^\d{1,10}(?:\.\d{1,10})*$/.test(persons)
    ? { kind: "text", persons: persons.split(".").map(Number), sealed: inner.slice(colon + 1) }
    : undefined;
}

/** The text with each token replaced by what `open` makes of it; what only looks like one stays as it is. */
export function replaceTokens(text: string, open: (token: Token) => string): string {
  if (!text.includes(tokenStart)) return text;
  return text.replaceAll(/\uFDD0([^\uFDD0\uFDD1]*)\uFDD1/gu, (whole, inner: string) => {
    const token = parseToken(inner);
    return token ? open(token) : whole;
  });
}
