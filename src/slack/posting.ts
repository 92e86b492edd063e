import type { WebClient } from "@slack/web-api";
import type { SlackPlace } from "../persistence/slack-messages.ts";
import type { Directory } from "./directory.ts";
import { ChannelError, permanentFault } from "./slack-errors.ts";
import type { Message } from "./views/approval-message.ts";
import { escapeMrkdwn } from "./views/rich-text.ts";

export type PostingDeps = { readonly client: WebClient; readonly directory: Directory };

/** Where a message was posted; not in its thread where the message it was to answer has been deleted. */
export type Posted = SlackPlace & { readonly isInThread: boolean };

/**
 * Posts in a channel by its id or `#name`; refuses what is archived or shared with another company.
 * A channel that was remembered and takes nothing is looked up again: another may have its name.
 */
export async function postTo<T>(
  directory: Directory,
  idOrName: string,
  send: (channelId: string) => Promise<T>,
): Promise<T> {
  const { id, isFresh } = await insistOnUsable(directory, idOrName);
  try {
    return await send(id);
  } catch (error) {
    if (permanentFault(error)?.kind !== "channel") throw error;
    directory.forgetChannel(idOrName);
    if (isFresh) throw error;
    const again = await insistOnUsable(directory, idOrName);
    if (again.id === id) throw error;
    return await send(again.id);
  }
}

/** Insists that a channel, by its id or `#name`, is one that Hallpass may post in; throws a `ChannelError` that says what to do. */
export async function insistOnUsable(
  directory: Pick<Directory, "channel">,
  idOrName: string,
): Promise<{ readonly id: string; readonly isFresh: boolean }> {
  const channel = await directory.channel(idOrName);
  if (!channel) {
    throw new ChannelError(
      `the bot sees no channel ${idOrName}; create it, unarchive it, or invite the bot if it is private`,
    );
  }
  if (channel.isArchived) throw new ChannelError(`the channel ${idOrName} is archived`);
  if (channel.isShared) throw new ChannelError(`the channel ${idOrName} is shared with another company`);
  return channel;
}

/** Insists that no other company reads a channel, known by its id; anything else that is wrong with it Slack says to whoever posts. */
export async function insistOnOurs(directory: Directory, id: string): Promise<void> {
  const channel = await directory.channel(id);
  if (channel?.isShared === true) throw new ChannelError("it is shared with another company");
}

/** What a message carries unseen, so that it is found again: ids that say nothing to whoever reads them. */
export type Mark = { readonly event_type: string; readonly event_payload: Readonly<Record<string, string>> };

/** Posts a message, in a thread where one is given. */
export async function post(
  client: WebClient,
  channel: string,
  message: Message,
  options: { readonly thread_ts?: string | undefined; readonly metadata?: Mark } = {},
): Promise<Posted> {
  const { thread_ts, metadata } = options;
  const posted = await client.chat.postMessage({
    channel,
    text: message.text,
    blocks: [...message.blocks],
    unfurl_links: false,
    unfurl_media: false,
    ...(thread_ts === undefined ? {} : { thread_ts }),
    ...(metadata === undefined ? {} : { metadata }),
  });
  if (posted.channel === undefined || posted.ts === undefined)
    throw new Error("Slack did not say where the message is");
  // Slack shows the answer to a message that is gone in the channel itself, and says so only by leaving this out.
  const isInThread = thread_ts !== undefined && (!posted.message || posted.message.thread_ts !== undefined);
  return { channel: posted.channel, ts: posted.ts, isInThread };
}

/** A message that only says something. */
export function plain(text: string): Message {
  return { text: escapeMrkdwn(text), blocks: [{ type: "section", text: { type: "plain_text", text } }] };
}
