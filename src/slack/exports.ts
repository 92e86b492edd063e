/** Exports that are being collected and sent: each is in memory as a whole, so one at a time is enough for anybody. */
export type Exports = {
  readonly isSending: (person: number) => boolean;
  /** Sends one and sees to it that it is known what came of it. `stopped` comes where Hallpass is stopped before that. */
  run<T>(person: number, send: (stopped: Promise<"stopped">) => Promise<T>): Promise<T>;
  /** Says that Hallpass is stopped, and waits until all that was under way has been seen to. */
  stop(): Promise<void>;
};

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
