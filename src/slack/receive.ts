import type { App, ReceiverEvent } from "@slack/bolt";
import { z } from "zod";
import { wordFault } from "./client/errors.ts";
import { unescapeSlack } from "./command-text.ts";
import type { SlackDeps } from "./deps.ts";
import { tellAlone } from "./listeners/tell-alone.ts";

/** `uploads`: the client that messages people when their connection is gone. */
export type ReceiveDeps = Pick<SlackDeps, "attend" | "log"> & Partial<Pick<SlackDeps, "uploads">>;

/** Passes a delivery to Bolt's listeners; never rejects. `onFailed`: called if they failed and nothing was answered. */
export type Receive = (event: ReceiverEvent, onFailed: () => void) => Promise<void>;

/**
 * The only way from Slack to the listeners. A person counts as waiting only until the acknowledgement, however long a
 * listener then goes on. A delivery that no listener answers is acknowledged too: it is valid, but not for us.
 */
export function createReceive(app: Pick<App, "processEvent">, deps: ReceiveDeps): Receive {
  return async (event, onFailed) => {
    let isAnswered = false;
    let answered = (): void => undefined;
    void deps.attend(() => new Promise<void>((resolve) => (answered = resolve)));
    const ack: ReceiverEvent["ack"] = async (response) => {
      isAnswered = true;
      try {
        await event.ack(response);
      } catch (error) {
        // The action is already recorded, so what follows it must still happen.
        deps.log.info({ why: wordFault(error) }, "an answer to Slack came too late");
        await tellUnheard(deps, event.body, response);
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

/** Messages a person the text they would have read in the answer to their command. */
async function tellUnheard(
  { log, uploads: client }: ReceiveDeps,
  body: ReceiverEvent["body"],
  response: unknown,
): Promise<void> {
  const who = Typed.safeParse(body);
  const said = Said.safeParse(response);
  if (client && who.success && said.success)
    await tellAlone(
      { log },
      { client, slackId: who.data.user_id },
      unescapeSlack(said.data.text),
      said.data.blocks,
    );
}

const Typed = z.looseObject({ user_id: z.string() });
const Said = z.looseObject({
  text: z.string(),
  blocks: z.array(z.looseObject({ type: z.string() })).optional(),
});
