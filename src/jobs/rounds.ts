import type { Logger } from "../logger.ts";

export type Rounds = {
  /** Goes now instead of after the pause; what is asked while a round goes on is done by the next. */
  now(): void;
  /** Goes no more and waits for the round in hand. */
  stop(): Promise<void>;
};

/**
 * Does `round` again and again, each time after the milliseconds it handed back; one that fails, again in a second.
 * `asked`: it goes because somebody asked for it.
 */
export function keepGoing(round: (asked: boolean) => Promise<number>, log: Logger): Rounds {
  let stopped = false;
  let asked = false;
  let wakeUp: (() => void) | undefined;
  const loop = async (): Promise<void> => {
    for (;;) {
      if (stopped) return;
      const isAsked = asked;
      asked = false;
      let pause: number;
      try {
        pause = await round(isAsked);
      } catch (error) {
        log.error({ err: error }, "the sweep could not look; it looks again in a second");
        pause = 1_000;
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, pause);
        wakeUp = () => {
          clearTimeout(timer);
          resolve();
        };
        // Somebody may have asked while the last round went on.
        if (stopped || asked) wakeUp();
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
      stopped = true;
      wakeUp?.();
      await finished;
    },
  };
}
