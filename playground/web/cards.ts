import type { ChannelCard, MessageCard, UserCard, ViewCard } from "../protocol.ts";
import { valuesOf } from "../../slack-simulator/elements.ts";
import {
  SLACKBOT,
  type Channel,
  type Message,
  type OpenView,
  type User,
} from "../../slack-simulator/model.ts";
import { allBlocks } from "../../slack-simulator/seen.ts";
import type { Workspace } from "../../slack-simulator/workspace.ts";

/** A message as this person (an id) sees it. */
export function messageCard(workspace: Workspace, message: Message, viewer: User): MessageCard {
  return {
    channelId: message.channelId,
    ts: message.ts,
    threadTs: message.threadTs ?? null,
    isBroadcast: message.isBroadcast,
    userId: message.userId,
    text: message.text,
    blocks: message.blocks,
    attachments: message.attachments,
    files: message.fileIds.flatMap((id) => {
      const file = workspace.file(id);
      if (file === undefined) return [];
      const url = `/api/files/${file.id}?as=${encodeURIComponent(viewer.name)}`;
      return [{ id: file.id, name: file.name, title: file.title, bytes: file.content.length, url }];
    }),
    reactions: message.reactions.map(({ name, users }) => ({ name, count: users.length })),
    isEdited: message.editedTs !== undefined,
    isEphemeral: message.visibleTo !== undefined,
    values: valuesOf(allBlocks(message), message.inputs[viewer.id]),
  };
}

/** A modal or App Home. */
export function viewCard(view: OpenView): ViewCard {
  const { id, kind, definition, values, errors, failure } = view;
  return { id, kind, definition, values, errors, failure: failure ?? null };
}

/** A channel, or the direct messages with the bot. */
export function channelCard(workspace: Workspace, channel: Channel): ChannelCard {
  const isDirect = channel.kind === "im";
  const bot = workspace.user(workspace.app.botUserId);
  return {
    id: channel.id,
    name: isDirect ? (bot?.realName ?? workspace.app.name) : channel.name,
    kind: isDirect ? "direct" : channel.kind === "public" ? "channel" : "private",
    isArchived: channel.isArchived,
    isShared: channel.isExtShared,
  };
}

/** Everybody, and Slackbot, who writes too. */
export function userCards(workspace: Workspace): readonly UserCard[] {
  const slackbot = {
    id: SLACKBOT,
    name: "slackbot",
    realName: "Slackbot",
    isBot: true,
    timezone: "UTC",
  };
  return [
    ...workspace.users().map(({ id, name, realName, isBot, timezone }) => {
      return { id, name, realName, isBot, timezone };
    }),
    slackbot,
  ];
}
