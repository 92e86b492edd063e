import { quoted } from "../../domain/text.ts";
import { closest, distance } from "fastest-levenshtein";

/** The candidate that was probably meant; `undefined` if none is close enough to be worth suggesting. */
export function nearest(text: string, candidates: readonly string[]): string | undefined {
  // The distance costs the product of both lengths, and there is no limit to what a person types.
  if (candidates.length === 0 || text.length > 100) return undefined;
  const best = closest(text.toLowerCase(), [...candidates]);
  const tolerated = Math.floor(Math.max(text.length, best.length) / 2);
  return distance(text.toLowerCase(), best.toLowerCase()) <= tolerated ? best : undefined;
}

/** The name that was meant: exactly as written, otherwise the only one that differs just in case, otherwise what was written. */
export function spelled(text: string, names: Iterable<string>): string {
  const same = [...names].filter((name) => name.toLowerCase() === text.toLowerCase());
  const [only, ...others] = same;
  return only === undefined || others.length > 0 || same.includes(text) ? text : only;
}

/** Returns `, did you mean "approvals"?`, or nothing; with the quotes of the surrounding sentence. */
export function didYouMean(
  text: string,
  candidates: readonly string[],
  inQuotes: (name: string) => string = quoted,
): string {
  const best = nearest(text, candidates);
  return best === undefined || best === text ? "" : `, did you mean ${inQuotes(best)}?`;
}

/** A longer list would not be read. */
const longestOffer = 30;

/** Returns `unknown group "orders-lead", did you mean "orders-leads"? Known here: ...` */
export function wordUnknown(what: string, name: string, known: readonly string[], offer: string): string {
  const unknown = `unknown ${what} ${quoted(name)}${didYouMean(name, known) || "."}`;
  if (known.length === 0) return `${unknown} There is no ${what} here`;
  const more = known.length > longestOffer ? ` and ${known.length - longestOffer} more` : "";
  return `${unknown} ${offer}: ${known.slice(0, longestOffer).map(shown).join(", ")}${more}`;
}

/** A known name may itself be faulty, and hold anything. */
function shown(name: string): string {
  return quoted(name).slice(1, -1);
}
