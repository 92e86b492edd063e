import type { RespondFn } from "@slack/bolt";
import type { Block, KnownBlock } from "@slack/types";
import type { WebClient } from "@slack/web-api";
import { wordFault } from "../client/errors.ts";
import type { SlackDeps } from "../deps.ts";
import { insist } from "../../notify/insist.ts";
import { judge } from "../delivery/surface.ts";
import { escapeMrkdwn } from "../views/rich-text.ts";

/** Whom to tell, and how: `respond` is missing if Slack gave no address for an answer, whatever its types say. */
export type Told = {
  readonly client: WebClient;
  readonly respond?: RespondFn | undefined;
  readonly slackId: string;
};

/** Seconds between tries. */
const pauses = [1, 5];

/**
 * Tells a person the outcome of their action after it was acknowledged: by an ephemeral message where they acted, or by
 * direct message if that place takes nothing (Slack's response URLs last for 30 minutes and five answers; a form has
 * none). Told twice is better than not at all. If both fail, it is logged.
 */
export async function tellAlone(
  { log }: Pick<SlackDeps, "log">,
  { client, respond, slackId }: Told,
  words: string,
  blocks: readonly (KnownBlock | Block)[] = [],
): Promise<void> {
  const message = { text: escapeMrkdwn(words), ...(blocks.length > 0 && { blocks: [...blocks] }) };
  try {
    if (respond) {
      await respond({ response_type: "ephemeral", replace_original: false, ...message });
      return;
    }
  } catch (error) {
    log.info({ why: wordFault(error) }, "Slack took no answer where it was due; it goes by direct message");
  }
  try {
    await insist({ judge }, () => client.chat.postMessage({ channel: slackId, ...message }), pauses);
  } catch (error) {
    log.warn({ why: wordFault(error), slackId }, "somebody could not be told what came of what they did");
  }
}
