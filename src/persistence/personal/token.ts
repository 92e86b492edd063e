/**
 * A token replaces a personal value in the audit: `START i123.7.MARK END` for row 123 of `personal_values`, which
 * belongs to person 7; `START t7.12:… END` for a text sealed with the keys of persons 7 and 12; and `START l END` for a
 * START that somebody wrote, so that no text can pass itself off as a token. The chain hashes tokens, so MARK (see
 * `markOf`) binds a token to the row's value and the person's key; without the key it says nothing. A text needs no
 * mark: no other key opens it. `START i123 END`, without a mark, is in events written before tokens had one. START and
 * END are noncharacters of Unicode, which are for internal use and stand for nothing
 * (https://www.unicode.org/faq/private_use.html#noncharacters); PostgreSQL, JSON and CSV leave them as they are.
 */
export const tokenStart = "\uFDD0";
export const tokenEnd = "\uFDD1";

const literalStart = `${tokenStart}l${tokenEnd}`;

/** Escapes what a person wrote, so that nothing in it reads as a token. */
export function escapeTokens(text: string): string {
  return text.includes(tokenStart) ? text.replaceAll(tokenStart, literalStart) : text;
}

/** Makes the token of a row of `personal_values` with this person and mark. */
export function valueToken(valueId: number, person: number, mark: Buffer): string {
  return `${tokenStart}i${valueId}.${person}.${mark.toString("base64url")}${tokenEnd}`;
}

/** Makes the token of a sealed text, which only the keys of all these persons open. */
export function textToken(persons: readonly number[], sealed: Buffer): string {
  return `${tokenStart}t${persons.join(".")}:${sealed.toString("base64url")}${tokenEnd}`;
}

/** `bound`: the person and mark the row must have; absent in a token without a mark. */
export type ValueToken = {
  readonly kind: "value";
  readonly valueId: number;
  readonly bound?: { readonly person: number; readonly mark: string };
};

export type Token =
  | { readonly kind: "literal" }
  | ValueToken
  | { readonly kind: "text"; readonly persons: readonly number[]; readonly sealed: string };

/** Parses what is between START and END; `undefined` when it is not a token. */
export function parseToken(inner: string): Token | undefined {
  if (inner === "l") return { kind: "literal" };
  const [, valueId, person, mark] = /^i(\d{1,10})(?:\.(\d{1,10})\.([\w-]{22}))?$/.exec(inner) ?? [];
  if (valueId !== undefined) {
    const bound =
      person === undefined || mark === undefined ? {} : { bound: { person: Number(person), mark } };
    return { kind: "value", valueId: Number(valueId), ...bound };
  }
  // Not one pattern for the whole: the sealed part may be long, and with a wrong character in it won't open anyway.
  const colon = inner.startsWith("t") ? inner.indexOf(":") : -1;
  if (colon === -1) return undefined;
  const persons = inner.slice(1, colon);
  return /^\d{1,10}(?:\.\d{1,10})*$/.test(persons)
    ? { kind: "text", persons: persons.split(".").map(Number), sealed: inner.slice(colon + 1) }
    : undefined;
}

/** Replaces each token in a text with what `open` returns; what only looks like one stays as it is. */
export function replaceTokens(text: string, open: (token: Token) => string): string {
  if (!text.includes(tokenStart)) return text;
  return text.replaceAll(/\uFDD0([^\uFDD0\uFDD1]*)\uFDD1/gu, (whole, inner: string) => {
    const token = parseToken(inner);
    return token ? open(token) : whole;
  });
}
