import type { RespondFn } from "@slack/bolt";
import type { Block, KnownBlock } from "@slack/types";
import type { WebClient } from "@slack/web-api";
import { wordFault } from "../slack-errors.ts";
import type { SlackDeps } from "../deps.ts";
import { insist } from "../insist.ts";
import { escapeMrkdwn } from "../views/rich-text.ts";

/** Who is told, and how: `respond` is missing where Slack gave no place for an answer, whatever its types say. */
export type Told = {
  readonly client: WebClient;
  readonly respond?: RespondFn | undefined;
  readonly slackId: string;
};

/** Seconds between tries. */
const pauses = [1, 5];

/**
 * Tells somebody what came of what they did, after it was acknowledged: where they did it, for their eyes alone, or by direct message
 * where that place takes nothing (Slack's last for 30 minutes and five answers; a form has none). Said twice is better
 * than not at all. What reaches them in neither way is logged.
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
    await insist(() => client.chat.postMessage({ channel: slackId, ...message }), pauses);
  } catch (error) {
    log.warn({ why: wordFault(error), slackId }, "somebody could not be told what came of what they did");
  }
}
