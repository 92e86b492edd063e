import { tokenEnd, tokenStart } from "../../persistence/personal/token.ts";
import { bytesOf } from "../chain/byte-text.ts";
import type { Unbound } from "../chain/unbound.ts";

/** Checks what binds the records of a sealed export to people and request numbers. Records come in order, as bytes (see `bytesOf`). */
export type Bindings = {
  readonly unbound: Unbound;
  /** Returns what is wrong with the record at a place. */
  readonly take: (place: number, record: string) => readonly string[];
};

const valueTokens = new RegExp(
  `${bytesOf(tokenStart)}i(\\d{1,10})(?:\\.(\\d{1,10}\\.[\\w-]{22}))?${bytesOf(tokenEnd)}`,
  "g",
);
const numbered =
  /"id":"[-0-9a-f]{36}",(?:"policyVersion":"[^"]*",)?"requestId":"[-0-9a-f]{36}",("requestNumber":)?/;

/**
 * Creates a check that needs no keys. Only the keys can tell whether a mark is right; but anybody can check that a row always has
 * the same mark, and that all events after a bound one are bound.
 */
export function createBindings(): Bindings {
  const seen = new Map<string, { readonly bound: string; readonly place: number }>();
  const unbound = { people: 0, number: 0 };
  let isBound = false;
  return {
    unbound,
    take(place, record) {
      const wrong: string[] = [];
      const tokens = [...record.matchAll(valueTokens)];
      for (const [, valueId = "", bound] of tokens) {
        if (bound === undefined) continue;
        const first = seen.get(valueId);
        if (!first) seen.set(valueId, { bound, place });
        else if (first.bound !== bound)
          wrong.push(
            `has another mark of row ${valueId} of personal_values than place ${first.place}; a person's key was exchanged between them`,
          );
      }
      const of = numbered.exec(record);
      const isUnmarked = tokens.some(([, , bound]) => bound === undefined);
      const isUnnumbered = of !== null && of[1] === undefined;
      if (isUnmarked) unbound.people += 1;
      if (isUnnumbered) unbound.number += 1;
      if (isBound && (isUnmarked || isUnnumbered))
        wrong.push(
          `has no ${isUnmarked ? "marks of whom it names" : "number of its request"}, as events had before others that come before it; it was inserted`,
        );
      isBound ||= tokens.some(([, , bound]) => bound !== undefined) || of?.[1] !== undefined;
      return wrong;
    },
  };
}
