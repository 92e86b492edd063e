import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../logger.ts";

/** Closes what has been opened, the last first, so that nothing is closed that another part still uses. */
export type Closers = {
  /** What takes longer than `atMostMs` is left behind; the next start takes up what a silent server keeps from ending. */
  add(close: () => unknown, atMostMs?: number): void;
  /** Closes what was added since the last time. Never rejects: a failure is logged and does not keep the rest open. */
  closeAll(): Promise<void>;
};

/** Creates the closers of one Hallpass. */
export function createClosers(log: Logger): Closers {
  const closers: (() => Promise<unknown>)[] = [];
  return {
    add(close, atMostMs) {
      closers.push(async () =>
        atMostMs === undefined
          ? close()
          : Promise.race([close(), sleep(atMostMs, undefined, { ref: false })]),
      );
    },
    async closeAll() {
      for (const close of closers.splice(0).toReversed()) {
        await close().catch((error: unknown) =>
          log.error({ err: error }, "a part could not be stopped in order"),
        );
      }
    },
  };
}
