import type { ChainedEvent } from "./chain.ts";

/** Describes an event so that people can find it. */
export function wordEvent({ type, id, at }: Pick<ChainedEvent, "type" | "id" | "at">): string {
  return `${type} of ${at} (event ${id})`;
}

/** Says that places are missing. */
export function wordMissing(first: number, last: number): string {
  return first === last
    ? `place ${first} is missing; it was deleted`
    : `places ${first} to ${last} are missing; they were deleted`;
}
