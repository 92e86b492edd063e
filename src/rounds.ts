import type { Logger } from "./logger.ts";

export type Rounds = {
  /** Goes now instead of after the pause; what is asked while a round goes on is done by the next. */
  now(): void;
  /** Goes no more and waits for the round in hand. */
  stop(): Promise<void>;
};

export type Round = (asked: boolean, stopping: AbortSignal) => Promise<number>;

/**
 * Does `round` again and again, each time after the milliseconds it handed back; one that fails is logged in the words of
 * `fault` and done again in a second. `asked`: it goes because somebody asked for it.
 */
export function keepGoing(
  round: Round,
  { log, fault }: { readonly log: Logger; readonly fault: string },
): Rounds {
  const stopping = new AbortController();
  let asked = false;
  let wakeUp: (() => void) | undefined;
  const loop = async (): Promise<void> => {
    for (;;) {
      if (stopping.signal.aborted) return;
      const isAsked = asked;
      asked = false;
      let pause: number;
      try {
        pause = await round(isAsked, stopping.signal);
      } catch (error) {
        log.error({ err: error }, `${fault}; tried again in a second`);
        pause = 1_000;
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, pause);
        wakeUp = () => {
          clearTimeout(timer);
          resolve();
        };
        // Somebody may have asked while the last round went on.
        if (stopping.signal.aborted || asked) wakeUp();
      });
    }
  };
  const finished = loop();
  return {
    now() {
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
