import type { State } from "../../domain/state.ts";

/**
 * A cache of requests as this process last read or recorded them. They may be stale, so use them only for what is then recorded
 * against their version: with a stale one that fails, and the database is read.
 */
export type StateCache = {
  get(requestId: string): State | undefined;
  set(state: State): void;
  delete(requestId: string): void;
};

/** About 2 kB each. */
const maxStates = 10_000;

/** Creates an empty cache. */
export function createStateCache(): StateCache {
  // A Map keeps the order in which its keys were added: the first is the one set longest ago.
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
