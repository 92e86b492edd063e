import type { Logger } from "./logger.ts";

export type Loop = {
  /** Runs a turn now instead of after the pause; when called during a turn, the next one follows at once. */
  now(): void;
  /** Runs no more turns and waits for the one in hand. */
  stop(): Promise<void>;
};

export type Turn = (asked: boolean, stopping: AbortSignal) => Promise<number>;

/**
 * Runs `turn` again and again, each time after the milliseconds it returned; one that fails is logged with the text
 * `fault` and retried in a second. `asked`: it runs because somebody called `now`.
 */
export function runInLoop(
  turn: Turn,
  { log, fault }: { readonly log: Logger; readonly fault: string },
): Loop {
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
        pause = await turn(isAsked, stopping.signal);
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
        // Somebody may have called `now` during the last turn.
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
