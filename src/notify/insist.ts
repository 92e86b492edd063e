import { setTimeout as sleep } from "node:timers/promises";
import type { Announcer } from "./surface.ts";

/**
 * Sends a message that no effect stores and that is lost with the process, retrying after these pauses (seconds), or
 * longer if the surface asks. `doubtSeconds`: minimum pause after a try that may have succeeded all the same. Throws the
 * last try's error, and at once one that retries do not fix.
 */
export async function insist(
  { judge }: Pick<Announcer, "judge">,
  send: () => Promise<unknown>,
  pauses: readonly number[],
  { doubtSeconds = 0 } = {},
): Promise<void> {
  for (const pause of [...pauses, undefined]) {
    try {
      await send();
      return;
    } catch (error) {
      const { fault, mayBeDone, waitMs } = judge(error);
      if (pause === undefined || fault) throw error;
      const seconds = mayBeDone ? Math.max(pause, doubtSeconds) : pause;
      await sleep(Math.max(seconds * 1_000, waitMs), undefined, { ref: false });
    }
  }
}
