import { interactiveElements, type PlacedElement } from "./elements.ts";
import { objectsOf, textOf, type JsonObject } from "./json.ts";
import type { Channel, Message, OpenView, User } from "./model.ts";
import { decodeEntities, renderedText, textObject, visibleText } from "./visible-text.ts";
import type { Workspace } from "./workspace.ts";

/** A message as a person sees it. */
export interface SeenMessage {
  readonly channelId: string;
  /** `#general`, or `@alice` for a direct message. */
  readonly channel: string;
  readonly ts: string;
  readonly threadTs: string | undefined;
  /** The user name of whoever wrote it; `slackbot` for Slack itself. */
  readonly author: string;
  /** The `text` argument: what a notification shows. */
  readonly text: string;
  /** What stands in the channel: the blocks' text, or `text` where there are none. mrkdwn is left as its source. */
  readonly visibleText: string;
  /** As `visibleText`, with mrkdwn's HTML entities decoded. */
  readonly renderedText: string;
  readonly blocks: readonly JsonObject[];
  readonly buttons: readonly string[];
  readonly files: readonly SeenFile[];
  readonly reactions: readonly string[];
  readonly edited: boolean;
  readonly isEphemeral: boolean;
}

export interface SeenFile {
  readonly name: string;
  readonly title: string;
  readonly content: string;
  readonly bytes: Buffer;
  /** Where it was shared, as `#name`. */
  readonly channels: readonly string[];
}

/** Something to press: a button, or one entry of an overflow menu. */
export interface Pressable {
  readonly text: string;
  readonly placed: PlacedElement;
  /** What `actions[0]` will say, apart from the time. */
  readonly action: JsonObject;
}

/** A message as anyone who may look at it sees it. */
export function seeMessage(workspace: Workspace, message: Message): SeenMessage {
  const blocks = allBlocks(message);
  const channel = workspace.channel(message.channelId);
  const attached = message.attachments.flatMap((one) => [
    textOf(one.pretext),
    textOf(one.title),
    textOf(one.text),
    ...objectsOf(one.fields).flatMap((field) => [textOf(field.title), textOf(field.value)]),
  ]);
  const text = message.blocks.length === 0 ? [message.text] : [];
  return {
    channelId: message.channelId,
    channel: channel === undefined ? message.channelId : channelLabel(workspace, channel),
    ts: message.ts,
    threadTs: message.threadTs,
    author: workspace.user(message.userId)?.name ?? "slackbot",
    text: message.text,
    visibleText: lines([...text, visibleText(blocks), ...attached]),
    renderedText: lines([...text.map(decodeEntities), renderedText(blocks), ...attached.map(decodeEntities)]),
    blocks: message.blocks,
    buttons: pressables(blocks).map((pressable) => pressable.text),
    files: message.fileIds
      .flatMap((id) => workspace.file(id) ?? [])
      .map((file) => seeFile(workspace, file.id)),
    reactions: message.reactions.map((reaction) => reaction.name),
    edited: message.editedTs !== undefined,
    isEphemeral: message.visibleTo !== undefined,
  };
}

/** The file of an id; its content as UTF-8 text and as bytes. */
export function seeFile(workspace: Workspace, id: string): SeenFile {
  const file = workspace.file(id);
  if (file === undefined) throw new Error(`Expected the id of a file, got ${id}`);
  return {
    name: file.name,
    title: file.title,
    content: file.content.toString("utf8"),
    bytes: file.content,
    channels: file.channelIds.map((channelId) => {
      const channel = workspace.channel(channelId);
      return channel === undefined ? channelId : channelLabel(workspace, channel);
    }),
  };
}

/** The blocks of a message and of its attachments. */
export function allBlocks(message: Message): readonly JsonObject[] {
  return [...message.blocks, ...message.attachments.flatMap((attachment) => objectsOf(attachment.blocks))];
}

/** Everything that can be pressed, in reading order. */
export function pressables(blocks: readonly JsonObject[]): readonly Pressable[] {
  return interactiveElements(blocks).flatMap((placed): readonly Pressable[] => {
    const { element, type, blockId, actionId } = placed;
    const base = { type, block_id: blockId, action_id: actionId };
    if (type === "overflow") {
      return objectsOf(element.options).map((option) => ({
        text: textObject(option.text),
        placed,
        action: { ...base, selected_option: option },
      }));
    }
    if (type !== "button" && type !== "workflow_button") return [];
    const { text, value, style } = element;
    const optionals = {
      ...(value === undefined ? {} : { value }),
      ...(style === undefined ? {} : { style }),
    };
    return [{ text: textObject(text), placed, action: { ...base, text, ...optionals } }];
  });
}

/** The buttons of a modal or Home tab. */
export function viewPressables(view: OpenView): readonly Pressable[] {
  return pressables(objectsOf(view.definition.blocks));
}

/** `#name`, or `@name` of the other person in a direct message. */
export function channelLabel(workspace: Workspace, channel: Channel): string {
  if (channel.kind !== "im") return `#${channel.name}`;
  const person = channel.members.find((id) => id !== workspace.app.botUserId);
  return `@${workspace.user(person ?? "")?.name ?? person ?? "nobody"}`;
}

/** Public channels are open to full members; guests and strangers see only where they were let in. */
export function canSee(user: User, channel: Channel): boolean {
  const isOutsider = user.isRestricted || user.isUltraRestricted || user.isStranger;
  return channel.members.includes(user.id) || (channel.kind === "public" && !isOutsider);
}

function lines(parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join("\n");
}
