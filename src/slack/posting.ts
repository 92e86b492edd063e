import { WebAPIPlatformError, type WebClient } from "@slack/web-api";
import type { SlackPlace } from "../persistence/slack-messages.ts";
import type { Directory } from "./directory.ts";
import type { Message } from "./views/approval-message.ts";
import { escapeMrkdwn } from "./views/rich-text.ts";

export type PostingDeps = { readonly client: WebClient; readonly directory: Directory };

/** Posts in a channel by its id or `#name`; refuses what is archived or shared with another company. */
export async function postTo(deps: PostingDeps, idOrName: string, message: Message): Promise<SlackPlace> {
  const channel = await deps.directory.channel(idOrName);
  if (!channel) {
    throw new ChannelError(
      `the bot sees no channel ${idOrName}; create it, or invite the bot if it is private`,
    );
  }
  if (channel.isArchived) throw new ChannelError(`the channel ${idOrName} is archived`);
  if (channel.isShared) throw new ChannelError(`the channel ${idOrName} is shared with another company`);
  return post(deps.client, channel.id, message);
}

/** Posts a message, in a thread where one is given. */
export async function post(
  client: WebClient,
  channel: string,
  message: Message,
  thread: { readonly thread_ts?: string } = {},
): Promise<SlackPlace> {
  const posted = await client.chat.postMessage({
    channel,
    text: message.text,
    blocks: [...message.blocks],
    unfurl_links: false,
    unfurl_media: false,
    ...thread,
  });
  if (posted.channel === undefined || posted.ts === undefined)
    throw new Error("Slack did not say where the message is");
  return { channel: posted.channel, ts: posted.ts };
}

/** Posts a direct message. */
export async function postInPerson(client: WebClient, slackId: string, message: Message): Promise<void> {
  const { channel } = await client.conversations.open({ users: slackId });
  if (channel?.id === undefined) throw new Error("Slack opened no direct message");
  await post(client, channel.id, message);
}

/** A message that only says something. */
export function plain(text: string): Message {
  return { text: escapeMrkdwn(text), blocks: [{ type: "section", text: { type: "plain_text", text } }] };
}

/** A channel that cannot take our message, however often we try; a person has to mend it. */
class ChannelError extends Error {}

/** Slack's errors that no retry mends. */
const permanent = new Set([
  "channel_not_found",
  "not_in_channel",
  "is_archived",
  "restricted_action",
  "message_not_found",
  "cant_update_message",
  "edit_window_closed",
  "messages_tab_disabled",
  "cannot_dm_bot",
  "user_not_found",
  "user_disabled",
  "thread_locked",
  "msg_too_long",
  "msg_blocks_too_long",
  "invalid_blocks",
]);

/** What no retry mends, in words; `undefined` for everything that may pass. */
export function permanentFault(error: unknown): string | undefined {
  if (error instanceof ChannelError) return error.message;
  if (!(error instanceof WebAPIPlatformError)) return undefined;
  return permanent.has(error.data.error) ? error.data.error : undefined;
}
