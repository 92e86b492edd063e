import type { WebClient } from "@slack/web-api";
import type { Directory } from "../directory/directory.ts";
import { ChannelError, permanentFault } from "../client/errors.ts";
import type { SlackMessage } from "../views/message.ts";

/** Where a message is in Slack. */
export type SlackPlace = { readonly channel: string; readonly ts: string };

export type PostingDeps = { readonly client: WebClient; readonly directory: Directory };

/** Where a message was posted. `isInThread` is true only for a reply whose parent message has not been deleted. */
export type Posted = SlackPlace & { readonly isInThread: boolean };

/**
 * Posts in a channel by its id or `#name`; refuses a channel that is archived or shared with another company. If a
 * cached channel takes no messages, looks it up again: another may have its name.
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

/** Checks that Hallpass may post in a channel, by its id or `#name`; throws a `ChannelError` that says what to do. */
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

/** Throws if another company reads the channel with this id; Slack reports any other problem when we post. */
export async function insistOnOurs(directory: Directory, id: string): Promise<void> {
  const channel = await directory.channel(id);
  if (channel?.isShared === true) throw new ChannelError("it is shared with another company");
}

/** Hidden metadata of a message, by which it is found again; the ids mean nothing to readers. */
export type Mark = { readonly event_type: string; readonly event_payload: Readonly<Record<string, string>> };

/** Posts a message, in a thread if one is given. */
export async function post(
  client: WebClient,
  channel: string,
  message: SlackMessage,
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
  // Slack shows a reply whose parent is gone in the channel itself; the only sign of it is that this field is missing.
  const isInThread = thread_ts !== undefined && (!posted.message || posted.message.thread_ts !== undefined);
  return { channel: posted.channel, ts: posted.ts, isInThread };
}
