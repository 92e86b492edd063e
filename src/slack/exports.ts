/** Audit exports in progress. Each is held in memory as a whole, so one at a time per person is enough. */
export type Exports = {
  readonly isSending: (person: number) => boolean;
  /** Runs one export and tracks it until its outcome is known. `stopped` resolves if Hallpass is stopped before that. */
  run<T>(person: number, send: (stopped: Promise<"stopped">) => Promise<T>): Promise<T>;
  /** Resolves `stopped`, and waits until all running exports have finished. */
  stop(): Promise<void>;
};

/** Creates the list of running exports, empty at first. */
export function createExports(): Exports {
  const underWay = new Map<number, Promise<unknown>>();
  let onStop = (): void => undefined;
  const stopped = new Promise<"stopped">((resolve) => (onStop = () => resolve("stopped")));
  return {
    isSending: (person) => underWay.has(person),
    async run(person, send) {
      const sending = send(stopped);
      underWay.set(person, sending);
      try {
        return await sending;
      } finally {
        underWay.delete(person);
      }
    },
    async stop() {
      onStop();
      await Promise.allSettled(underWay.values());
    },
  };
}
