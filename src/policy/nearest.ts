import { quoted } from "../domain/text.ts";
import { closest, distance } from "fastest-levenshtein";

/** The candidate that was probably meant; `undefined` when none is near enough to be worth saying. */
export function nearest(text: string, candidates: readonly string[]): string | undefined {
  // Distance takes the product of both lengths, and what a person types has no limit.
  if (candidates.length === 0 || text.length > 100) return undefined;
  const best = closest(text.toLowerCase(), [...candidates]);
  const tolerated = Math.floor(Math.max(text.length, best.length) / 2);
  return distance(text.toLowerCase(), best.toLowerCase()) <= tolerated ? best : undefined;
}

/** The name that was meant: as written, else the only one that differs in nothing but capitals; else what was written. */
export function spelled(text: string, names: Iterable<string>): string {
  const same = [...names].filter((name) => name.toLowerCase() === text.toLowerCase());
  const [only, ...others] = same;
  return only === undefined || others.length > 0 || same.includes(text) ? text : only;
}

/** `, did you mean "approvals"?`, or nothing; in the quotes of the sentence around it. */
export function didYouMean(
  text: string,
  candidates: readonly string[],
  inQuotes: (name: string) => string = quoted,
): string {
  const best = nearest(text, candidates);
  return best === undefined || best === text ? "" : `, did you mean ${inQuotes(best)}?`;
}

/** More would not be read. */
const longestOffer = 30;

/** `unknown group "orders-lead", did you mean "orders-leads"? Known here: ...` */
export function wordUnknown(what: string, name: string, known: readonly string[], offer: string): string {
  const unknown = `unknown ${what} ${quoted(name)}${didYouMean(name, known) || "."}`;
  if (known.length === 0) return `${unknown} There is no ${what} here`;
  const more = known.length > longestOffer ? ` and ${known.length - longestOffer} more` : "";
  return `${unknown} ${offer}: ${known.slice(0, longestOffer).map(shown).join(", ")}${more}`;
}

/** A name that is faulty itself may be known here, and hold anything. */
function shown(name: string): string {
  return quoted(name).slice(1, -1);
}
