/** Calls that have not ended yet. */
export type UnderWay = {
  /** Notes a call until it ends. */
  note<T>(call: Promise<T>): Promise<T>;
  /** Resolves once all that are under way now have ended, however they did. */
  ended(): Promise<void>;
};

/** Knows what is under way, so that closing can wait for it. */
export function createUnderWay(): UnderWay {
  const calls = new Set<Promise<unknown>>();
  return {
    note(call) {
      calls.add(call);
      const forget = (): void => void calls.delete(call);
      call.then(forget, forget);
      return call;
    },
    async ended() {
      await Promise.allSettled(calls);
    },
  };
}
