import type { App, ReceiverEvent } from "@slack/bolt";
import type { SlackDeps } from "./deps.ts";

/** Has Bolt's listeners answer what was delivered; never rejects. `onFailed`: they could not, and nothing was answered. */
export type Receive = (event: ReceiverEvent, onFailed: () => void) => Promise<void>;

/**
 * The one way from Slack to the listeners. Somebody waits only until it is acknowledged, however long a listener then
 * goes on; and what no listener answers is acknowledged all the same: it came in good order and is none of ours.
 */
export function createReceive(
  app: Pick<App, "processEvent">,
  deps: Pick<SlackDeps, "attend" | "log">,
): Receive {
  return async (event, onFailed) => {
    let isAnswered = false;
    let answered = (): void => undefined;
    void deps.attend(() => new Promise<void>((resolve) => (answered = resolve)));
    const ack: ReceiverEvent["ack"] = async (response) => {
      isAnswered = true;
      try {
        await event.ack(response);
      } finally {
        answered();
      }
    };
    try {
      await app.processEvent({ ...event, ack });
      if (!isAnswered) await ack();
    } catch (error) {
      deps.log.error({ err: error }, "a Slack interaction could not be answered");
      if (!isAnswered) onFailed();
    } finally {
      answered();
    }
  };
}
