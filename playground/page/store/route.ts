/** Where somebody is on the page, as the URL's hash has it: `#alice/C0ACCESSREQUESTS/1700000000.000100`. */
export interface Route {
  /** A user's name; null where the hash names nobody. */
  readonly person: string | null;
  /** A channel's id or `home`, the app's Home tab; null: nothing chosen, a phone shows the list. */
  readonly place: string | null;
  /** The `ts` a thread hangs on. */
  readonly thread: string | null;
}

export const homePlace = "home";

/** Reads a hash; what it does not say, or says wrongly, is null. */
export function parseRoute(hash: string): Route {
  const [person, place, thread] = hash.replace(/^#/, "").split("/").map(decode);
  const isThread = place !== homePlace && /^\d+\.\d+$/.test(thread ?? "");
  return {
    person: person || null,
    place: (person && place) || null,
    thread: person && place && thread && isThread ? thread : null,
  };
}

/** The hash of a route, with its `#`; `parseRoute` reads the same route back. */
export function formatRoute({ person, place, thread }: Route): string {
  const parts =
    person === null ? [] : place === null ? [person] : [person, place, ...(thread ? [thread] : [])];
  return `#${parts.map(encodeURIComponent).join("/")}`;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return "";
  }
}
