import { textOf, type JsonObject } from "../json.ts";
import { MethodError } from "../method-error.ts";
import type { Channel } from "../model.ts";
import { visibleChannel } from "./chat.ts";
import { historyMethods } from "./history.ts";
import { isTrue, page, type MethodDeps, type Methods } from "./method.ts";
import { channelShape } from "./shapes.ts";

const READ = ["channels:read", "groups:read", "im:read", "mpim:read"];
const TYPES: Readonly<Record<string, Channel["kind"]>> = {
  public_channel: "public",
  private_channel: "private",
  im: "im",
  mpim: "mpim",
};

/** conversations.* */
export function conversationMethods(deps: MethodDeps): Methods {
  const { workspace } = deps;
  const { botUserId } = workspace.app;
  return {
    ...historyMethods(deps),
    "conversations.open": {
      scopes: ["im:write", "mpim:write"],
      run: (args) => openConversation(deps, args),
    },
    "conversations.info": {
      scopes: READ,
      required: ["channel"],
      run: (args) => {
        const channel = visibleChannel(workspace, args.channel);
        const members = isTrue(args.include_num_members) ? { num_members: channel.members.length } : {};
        return { channel: { ...channelShape(workspace, channel), ...members } };
      },
    },
    "conversations.list": {
      scopes: READ,
      run: (args) => {
        const kinds = (textOf(args.types) || "public_channel").split(",").map((type) => {
          const kind = TYPES[type.trim()];
          if (kind === undefined) throw new MethodError("invalid_types");
          return kind;
        });
        const listed = workspace
          .channels()
          .filter((channel) => kinds.includes(channel.kind))
          .filter((channel) => channel.kind === "public" || channel.members.includes(botUserId))
          .filter((channel) => !(isTrue(args.exclude_archived) && channel.isArchived));
        const { items, response_metadata } = page(listed, args, 100, deps.pageLimit());
        return { channels: items.map((channel) => channelShape(workspace, channel)), response_metadata };
      },
    },
    "conversations.members": {
      scopes: READ,
      required: ["channel"],
      run: (args) => {
        const { items, response_metadata } = page(visibleChannel(workspace, args.channel).members, args, 100);
        return { members: items, response_metadata };
      },
    },
    "conversations.join": {
      scopes: ["channels:join"],
      required: ["channel"],
      run: (args) => {
        const channel = visibleChannel(workspace, args.channel);
        if (channel.kind !== "public") throw new MethodError("method_not_supported_for_channel_type");
        if (channel.isArchived) throw new MethodError("is_archived");
        const joined = channel.members.includes(botUserId)
          ? channel
          : { ...channel, members: [...channel.members, botUserId] };
        workspace.putChannel(joined);
        return { channel: channelShape(workspace, joined) };
      },
    },
  };
}

function openConversation({ workspace }: MethodDeps, args: JsonObject): JsonObject {
  const { botUserId } = workspace.app;
  if (textOf(args.channel) !== "") {
    return answer(visibleChannel(workspace, args.channel), true);
  }
  const ids = textOf(args.users)
    .split(",")
    .filter((id) => id !== "");
  if (ids.length === 0) throw new MethodError("users_list_not_supplied");
  if (ids.length > 8) throw new MethodError("too_many_users");
  for (const id of ids) {
    const user = workspace.user(id);
    if (user === undefined) throw new MethodError("user_not_found");
    if (user.deleted) throw new MethodError("user_disabled");
    if (user.id === botUserId) throw new MethodError("invalid_user_combination");
  }
  const members = [...new Set([...ids, botUserId])];
  const known = workspace
    .channels()
    .find(
      (channel) =>
        (channel.kind === "im" || channel.kind === "mpim") &&
        channel.members.length === members.length &&
        members.every((id) => channel.members.includes(id)),
    );
  if (known !== undefined) return answer(known, true);
  const [first = ""] = ids;
  if (ids.length === 1) return answer(workspace.directMessage(first), false);
  const id = workspace.nextId("G");
  const names = ids.map((member) => workspace.user(member)?.name ?? member);
  const group: Channel = {
    id,
    name: `mpdm-${names.join("--")}-1`,
    kind: "mpim",
    isArchived: false,
    isExtShared: false,
    members,
    createdAt: workspace.now(),
  };
  workspace.putChannel(group);
  return answer(group, false);

  function answer(channel: Channel, existed: boolean): JsonObject {
    return {
      ...(existed ? { no_op: true, already_open: true } : {}),
      channel: isTrue(args.return_im) ? channelShape(workspace, channel) : { id: channel.id },
    };
  }
}
