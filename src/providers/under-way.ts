/** Calls that have not ended yet. */
export type UnderWay = {
  /** Tracks a call until it ends. */
  note<T>(call: Promise<T>): Promise<T>;
  /** Resolves once all calls under way now have ended, however they did. */
  ended(): Promise<void>;
};

/** Creates a tracker of calls under way, so that closing can wait for them. */
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
