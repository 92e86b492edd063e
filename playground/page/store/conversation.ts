import type { MessageCard } from "../../protocol.ts";
import { dayOf } from "./when.ts";

/** One author's messages stand together when they follow within this time, as Slack does it. */
const togetherMs = 5 * 60_000;

/** What a message list shows, line by line. */
export type Line =
  | { readonly kind: "day"; readonly key: string; readonly atMs: number }
  | {
      readonly kind: "message";
      readonly key: string;
      readonly message: MessageCard;
      /** Stands under one of the same author: no avatar, no name. */
      readonly isFollowing: boolean;
    };

/** Milliseconds since 1970 of a Slack timestamp. */
export function msOf(ts: string): number {
  return Math.floor(Number(ts) * 1000);
}

/** What a channel shows: no replies but those also sent to it. */
export function inChannel(messages: readonly MessageCard[]): readonly MessageCard[] {
  return messages.filter((message) => !isReply(message) || message.isBroadcast);
}

/** The replies in the thread that hangs on `ts`. */
export function repliesTo(messages: readonly MessageCard[], ts: string): readonly MessageCard[] {
  return messages.filter((message) => message.threadTs === ts && isReply(message));
}

/** Whether a message was written in a thread. */
export function isReply(message: MessageCard): boolean {
  return message.threadTs !== null && message.threadTs !== message.ts;
}

/** Groups messages by day (of this IANA zone) and author. */
export function linesOf(messages: readonly MessageCard[], zone: string): readonly Line[] {
  const lines: Line[] = [];
  let before: MessageCard | undefined;
  for (const message of messages) {
    const isNewDay = before === undefined || dayOf(msOf(before.ts), zone) !== dayOf(msOf(message.ts), zone);
    if (isNewDay) lines.push({ kind: "day", key: `day-${message.ts}`, atMs: msOf(message.ts) });
    lines.push({
      kind: "message",
      key: message.ts,
      message,
      isFollowing: before !== undefined && !isNewDay && isTogether(before, message),
    });
    before = message;
  }
  return lines;
}

function isTogether(before: MessageCard, message: MessageCard): boolean {
  return (
    before.userId === message.userId &&
    before.isEphemeral === message.isEphemeral &&
    msOf(message.ts) - msOf(before.ts) < togetherMs
  );
}
