import { tokenEnd, tokenStart } from "../../persistence/personal/token.ts";

/** How many older events do not bind the people they name, and how many not their request's number. */
export type Unbound = { readonly people: number; readonly number: number };

/** States what the chain does not prove of events older than these bindings, a sentence each. */
export function wordUnbound({ people, number }: Unbound): readonly string[] {
  return [
    ...(people === 0 ? [] : [`Of ${older(people)} the chain does not prove whom they name.`]),
    ...(number === 0
      ? []
      : [`Of ${older(number)} the chain does not prove which AR number their request has.`]),
  ];
}

function older(events: number): string {
  return events === 1 ? "1 older event" : `${events.toLocaleString("en")} older events`;
}

const unmarked = new RegExp(`${tokenStart}i\\d+${tokenEnd}`, "u");

/** Whether a stored value names anybody by a token without a mark. */
export function isUnmarked(stored: unknown): boolean {
  return unmarked.test(JSON.stringify(stored));
}
