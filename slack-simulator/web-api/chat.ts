import { objectOf, textOf, type Json, type JsonObject } from "../json.ts";
import { MAX_UPDATE_TEXT } from "../limits.ts";
import { messageFrom, messageShape, readContent } from "../messages.ts";
import { MethodError } from "../method-error.ts";
import type { Channel, Message } from "../model.ts";
import type { Workspace } from "../workspace.ts";
import { isTrue, type MethodDeps, type Methods } from "./method.ts";

const SCOPES = ["chat:write"];

/** chat.* */
export function chatMethods(deps: MethodDeps): Methods {
  const { workspace, baseUrl, problems } = deps;
  const { botUserId } = workspace.app;

  function ownMessage(
    args: JsonObject,
    refusal: string,
  ): { readonly channel: Channel; readonly message: Message } {
    const channel = visibleChannel(workspace, args.channel);
    const message = workspace.message(channel.id, textOf(args.ts));
    if (message === undefined || message.visibleTo !== undefined) throw new MethodError("message_not_found");
    if (message.userId !== botUserId) throw new MethodError(refusal);
    return { channel, message };
  }

  /** What answers a message that is gone is shown in the channel itself, without a word. */
  function threadOf(channel: Channel, ts: string): string | undefined {
    if (ts === "" || workspace.message(channel.id, ts) !== undefined) return ts || undefined;
    const deleted = workspace.deleted(channel.id, ts);
    if (deleted === undefined) {
      problems.warning("chat.postMessage", `thread_ts ${ts} is no message of ${channel.name}`);
    }
    return deleted?.keepsThread === true ? ts : undefined;
  }

  return {
    "chat.postMessage": {
      scopes: SCOPES,
      required: ["channel"],
      run: (args) => {
        const channel = postable(deps, args.channel);
        const { warnings, ...content } = readContent(args);
        const threadTs = threadOf(channel, textOf(args.thread_ts));
        if (content.text === "" && content.blocks.length > 0) {
          problems.warning(
            "chat.postMessage",
            "blocks without text: notifications and screen readers get nothing",
          );
        }
        const where = { channelId: channel.id, threadTs, isBroadcast: isTrue(args.reply_broadcast) };
        const message = messageFrom(workspace, where, content, {
          userId: botUserId,
        });
        workspace.putMessage(message);
        return {
          channel: channel.id,
          ts: message.ts,
          message: messageShape(workspace, message),
          ...withWarnings(warnings),
        };
      },
    },
    "chat.update": {
      scopes: SCOPES,
      required: ["channel", "ts"],
      run: (args) => {
        const { channel, message } = ownMessage(args, "cant_update_message");
        if (channel.isArchived) throw new MethodError("is_inactive");
        const { warnings: _, ...content } = readContent(args, { maxText: MAX_UPDATE_TEXT });
        const keepsAttachments = args.attachments === undefined;
        const updated: Message = {
          ...message,
          text: content.text,
          // Text without blocks deletes the blocks; attachments and metadata stay unless given anew.
          blocks: content.blocks,
          attachments: keepsAttachments ? message.attachments : content.attachments,
          metadata: content.metadata ?? message.metadata,
          editedTs: workspace.nextTs(),
          inputs: {},
        };
        workspace.putMessage(updated);
        return {
          channel: channel.id,
          ts: message.ts,
          text: updated.text,
          message: messageShape(workspace, updated),
        };
      },
    },
    "chat.postEphemeral": {
      scopes: SCOPES,
      required: ["channel", "user"],
      run: (args) => {
        const channel = postable(deps, args.channel);
        const user = workspace.user(textOf(args.user));
        if (user === undefined || !channel.members.includes(user.id)) {
          throw new MethodError("user_not_in_channel");
        }
        const { warnings, ...content } = readContent(args);
        const where = { channelId: channel.id, threadTs: textOf(args.thread_ts) || undefined };
        const message = messageFrom(workspace, where, content, { userId: botUserId, visibleTo: user.id });
        workspace.putMessage(message);
        return { message_ts: message.ts, ...withWarnings(warnings) };
      },
    },
    "chat.delete": {
      scopes: SCOPES,
      required: ["channel", "ts"],
      run: (args) => {
        const { channel, message } = ownMessage(args, "cant_delete_message");
        workspace.putMessage({ ...message, deleted: true });
        return { channel: channel.id, ts: message.ts };
      },
    },
    "chat.getPermalink": {
      required: ["channel", "message_ts"],
      run: (args) => {
        const channel = visibleChannel(workspace, args.channel);
        const message = workspace.message(channel.id, textOf(args.message_ts));
        if (message === undefined) throw new MethodError("message_not_found");
        const path = `archives/${channel.id}/p${message.ts.replace(".", "")}`;
        const thread =
          message.threadTs === undefined ? "" : `?thread_ts=${message.threadTs}&cid=${channel.id}`;
        return { channel: channel.id, permalink: `${baseUrl()}${path}${thread}` };
      },
    },
  };
}

/** The channel of an id, if the bot may know of it: Slack hides private channels it was not invited to. */
export function visibleChannel(workspace: Workspace, id: Json): Channel {
  const channel = workspace.channel(textOf(id));
  const hidden = channel?.kind !== "public" && channel?.members.includes(workspace.app.botUserId) === false;
  if (channel === undefined || hidden) throw new MethodError("channel_not_found");
  return channel;
}

/** The channel a message may be posted to, by id, name or (a direct message) user id. */
export function postable({ workspace, scopes }: MethodDeps, to: Json): Channel {
  const wanted = textOf(to);
  const user = workspace.user(wanted);
  if (user !== undefined && (user.deleted || user.isBot)) throw new MethodError("channel_not_found");
  const found = user === undefined ? workspace.findChannel(wanted) : workspace.directMessage(user.id);
  const channel = visibleChannel(workspace, found?.id);
  if (channel.isArchived) throw new MethodError("is_archived");
  const isMember = channel.members.includes(workspace.app.botUserId);
  if (!isMember && !scopes.includes("chat:write.public")) throw new MethodError("not_in_channel");
  return channel;
}

function withWarnings(warnings: readonly string[]): JsonObject {
  return warnings.length === 0
    ? {}
    : objectOf({ warning: warnings.join(","), response_metadata: { warnings } });
}
