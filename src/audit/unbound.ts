import { tokenEnd, tokenStart } from "../persistence/personal-token.ts";

/** How many events do not bind whom they name, and how many not the number of the request they are of: older ones. */
export type Unbound = { readonly people: number; readonly number: number };

/** What the chain does not prove of events that are older than what binds it, a sentence each. */
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

/** Whether something that is stored names anybody without a mark. */
export function isUnmarked(stored: unknown): boolean {
  return unmarked.test(JSON.stringify(stored));
}
