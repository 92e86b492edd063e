import type { State } from "../domain/state.ts";

/**
 * Requests as this process last read or recorded them. They may have changed since, so that they are good only for what is
 * then recorded against their version: that fails if they have, and the database is read.
 */
export type RecentStates = {
  get(requestId: string): State | undefined;
  set(state: State): void;
  delete(requestId: string): void;
};

/** Some 2 kB each. */
const maxStates = 10_000;

export function createRecentStates(): RecentStates {
  // A Map keeps the order in which its keys were added: the first is the one that has not been touched for longest.
  const states = new Map<string, State>();
  return {
    get: (requestId) => states.get(requestId),
    set(state) {
      states.delete(state.request.id);
      states.set(state.request.id, state);
      if (states.size <= maxStates) return;
      const [oldest = ""] = states.keys();
      states.delete(oldest);
    },
    delete: (requestId) => {
      states.delete(requestId);
    },
  };
}
