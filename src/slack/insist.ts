import { setTimeout as sleep } from "node:timers/promises";
import { askedToWaitMs, mayBeDone, permanentFault } from "./slack-errors.ts";

/**
 * Says something that is in no effect and lost with the process, again and again after these pauses (seconds), or what Slack asks for,
 * until Slack takes it. `doubtSeconds`: the least pause after a try that may be done all the same. Throws what the last try
 * came to, and at once what no other would mend.
 */
export async function insist(
  send: () => Promise<unknown>,
  pauses: readonly number[],
  { doubtSeconds = 0 } = {},
): Promise<void> {
  for (const pause of [...pauses, undefined]) {
    try {
      await send();
      return;
    } catch (error) {
      if (pause === undefined || permanentFault(error) !== undefined) throw error;
      const seconds = mayBeDone(error) ? Math.max(pause, doubtSeconds) : pause;
      await sleep(Math.max(seconds * 1_000, askedToWaitMs(error)), undefined, { ref: false });
    }
  }
}
