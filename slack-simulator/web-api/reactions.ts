import { textOf } from "../json.ts";
import { MethodError } from "../method-error.ts";
import { visibleChannel } from "./chat.ts";
import type { MethodDeps, Methods } from "./method.ts";

/** reactions.* */
export function reactionMethods({ workspace }: MethodDeps): Methods {
  const { botUserId } = workspace.app;
  return {
    "reactions.add": {
      scopes: ["reactions:write"],
      required: ["channel", "name", "timestamp"],
      run: (args) => {
        const channel = visibleChannel(workspace, args.channel);
        const message = workspace.message(channel.id, textOf(args.timestamp));
        if (message === undefined) throw new MethodError("message_not_found");
        if (channel.isArchived) throw new MethodError("is_archived");
        const name = textOf(args.name).replaceAll(":", "");
        const present = message.reactions.find((reaction) => reaction.name === name);
        if (present?.users.includes(botUserId) === true) throw new MethodError("already_reacted");
        const others = message.reactions.filter((reaction) => reaction.name !== name);
        const users = [...(present?.users ?? []), botUserId];
        workspace.putMessage({ ...message, reactions: [...others, { name, users }] });
        return {};
      },
    },
  };
}
