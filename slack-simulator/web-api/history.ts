import { textOf, type JsonObject } from "../json.ts";
import { messageShape } from "../messages.ts";
import { MethodError } from "../method-error.ts";
import { SLACKBOT, type Channel, type Message } from "../model.ts";
import { visibleChannel } from "./chat.ts";
import { isTrue, page, type MethodDeps, type Methods } from "./method.ts";

const scopeOf: Readonly<Record<Channel["kind"], string>> = {
  public: "channels:history",
  private: "groups:history",
  im: "im:history",
  mpim: "mpim:history",
};
const MAX_HISTORY = 999;

/** conversations.history and conversations.replies: what was said, to an app that may read it and is there. */
export function historyMethods(deps: MethodDeps): Methods {
  const { workspace, scopes } = deps;

  function readable(args: JsonObject): Channel {
    const channel = visibleChannel(workspace, args.channel);
    const needed = scopeOf[channel.kind];
    if (!scopes.includes(needed))
      throw new MethodError("missing_scope", { needed, provided: scopes.join(",") });
    if (!channel.members.includes(workspace.app.botUserId)) throw new MethodError("not_in_channel");
    return channel;
  }

  const shown = (messages: readonly Message[], args: JsonObject): readonly JsonObject[] =>
    messages.map((message) =>
      messageShape(workspace, message, { withMetadata: isTrue(args.include_all_metadata) }),
    );

  return {
    "conversations.history": {
      scopes: Object.values(scopeOf),
      required: ["channel"],
      run: (args) => {
        const channel = readable(args);
        if (Number(args.limit ?? 100) > MAX_HISTORY) throw new MethodError("invalid_limit");
        const within = workspace.timeline(channel.id).filter(between(args)).toReversed();
        const { items, response_metadata } = page(within, args, 100);
        return {
          messages: shown(items, args),
          has_more: response_metadata.next_cursor !== "",
          pin_count: 0,
          response_metadata,
        };
      },
    },
    "conversations.replies": {
      scopes: Object.values(scopeOf),
      required: ["channel", "ts"],
      run: (args) => {
        const channel = readable(args);
        const asked = textOf(args.ts);
        const ts = workspace.message(channel.id, asked)?.threadTs ?? asked;
        const parent = workspace.message(channel.id, ts);
        const keepsThread = workspace.deleted(channel.id, ts)?.keepsThread === true;
        if (parent === undefined && !keepsThread) throw new MethodError("thread_not_found");
        const replies = workspace
          .messages(channel.id)
          .filter((message) => message.threadTs === ts && message.ts !== ts)
          .filter(between(args));
        const { items, response_metadata } = page(replies, args, 1000);
        const first = parent === undefined ? [tombstone(ts)] : shown([parent], args);
        return {
          messages: [...first, ...shown(items, args)],
          has_more: response_metadata.next_cursor !== "",
          response_metadata,
        };
      },
    },
  };
}

/** What stands where a message with replies was deleted. */
function tombstone(ts: string): JsonObject {
  const text = "This message was deleted.";
  return { type: "message", subtype: "tombstone", hidden: true, user: SLACKBOT, text, ts, thread_ts: ts };
}

/** Both ends are left out unless `inclusive`. */
function between(args: JsonObject): (message: Message) => boolean {
  const oldest = moment(args.oldest, "invalid_ts_oldest");
  const latest = moment(args.latest, "invalid_ts_latest");
  const inclusive = isTrue(args.inclusive);
  return ({ ts }) => {
    const at = Number(ts);
    const isAfter = oldest === undefined || at > oldest || (inclusive && at === oldest);
    return isAfter && (latest === undefined || at < latest || (inclusive && at === latest));
  };
}

function moment(value: unknown, refusal: string): number | undefined {
  const text = typeof value === "number" ? String(value) : typeof value === "string" ? value : "";
  if (text === "") return undefined;
  if (!Number.isFinite(Number(text))) throw new MethodError(refusal);
  return Number(text);
}
