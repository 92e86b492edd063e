import type { ChannelCard, MessageCard } from "../../protocol.ts";
import { isReply } from "./conversation.ts";

/** Person's name → channel id → the `ts` of the last message they saw there. */
export type LastRead = Readonly<Record<string, Readonly<Record<string, string>>>>;

export interface Unread {
  /** The channel's name is bold. */
  readonly isUnread: boolean;
  /** The badge: what is said to this person by name, or in a direct message. */
  readonly count: number;
}

/** What somebody has not seen of a channel yet. Replies alone make no channel bold, as in Slack; mentions in them count. */
export function unreadOf(
  channel: Pick<ChannelCard, "kind">,
  messages: readonly MessageCard[],
  lastReadTs: string | undefined,
  meId: string,
): Unread {
  const fresh = messages.filter(
    (message) => message.userId !== meId && Number(message.ts) > Number(lastReadTs ?? 0),
  );
  const isDirect = channel.kind === "direct";
  return {
    isUnread: fresh.some((message) => !isReply(message) || message.isBroadcast || mentions(message, meId)),
    count: fresh.filter((message) => isDirect || mentions(message, meId)).length,
  };
}

/** Remembers that somebody saw everything up to `ts`; the same object where nothing changes. */
export function markRead(before: LastRead, person: string, channelId: string, ts: string): LastRead {
  const mine = before[person] ?? {};
  if (Number(mine[channelId] ?? 0) >= Number(ts)) return before;
  return { ...before, [person]: { ...mine, [channelId]: ts } };
}

/** Checks what came out of the browser's storage. */
export function isLastRead(value: unknown): value is LastRead {
  const isTable = (one: unknown): one is object => typeof one === "object" && one !== null;
  return (
    isTable(value) &&
    Object.values(value).every(
      (row: unknown) => isTable(row) && Object.values(row).every((ts: unknown) => typeof ts === "string"),
    )
  );
}

/** Whether a message names this person, in its text or in its rich text. */
export function mentions(message: Pick<MessageCard, "text" | "blocks">, userId: string): boolean {
  return message.text.includes(`<@${userId}>`) || holdsUser(message.blocks, userId);
}

function holdsUser(node: unknown, userId: string): boolean {
  if (typeof node === "string") return node.includes(`<@${userId}>`);
  if (Array.isArray(node)) return node.some((one) => holdsUser(one, userId));
  if (typeof node !== "object" || node === null) return false;
  if ("user_id" in node && node.user_id === userId) return true;
  return Object.values(node).some((one) => holdsUser(one, userId));
}
