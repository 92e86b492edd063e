/** How often it is asked in the database whether a provider's turn has come, and how soon after the start. */
const askEveryMs = 15_000;

export type DriftWatch = {
  /** Asks now instead of at the next time. */
  look(): void;
  /** Looks no more and waits for the look in hand. */
  stop(): Promise<void>;
};

/** Has providers looked at for drift, one look at a time; `once` looks at those whose turn it is, and never throws. */
export function watchForDrift(once: (signal: AbortSignal) => Promise<void>): DriftWatch {
  const stopping = new AbortController();
  let asked = false;
  let wakeUp: (() => void) | undefined;
  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      asked = false;
      await once(stopping.signal);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, askEveryMs).unref();
        wakeUp = () => {
          clearTimeout(timer);
          resolve();
        };
        // Somebody may have asked while the last look went on.
        if (stopping.signal.aborted || asked) wakeUp();
      });
    }
  };
  const finished = loop();
  return {
    look() {
      asked = true;
      wakeUp?.();
    },
    async stop() {
      stopping.abort();
      wakeUp?.();
      await finished;
    },
  };
}
