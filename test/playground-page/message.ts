import type { MessageCard } from "../../playground/protocol.ts";

/** A message as a test needs it. */
export function message(ts: string, change: Partial<MessageCard> = {}): MessageCard {
  return {
    channelId: "C0A",
    ts,
    threadTs: null,
    isBroadcast: false,
    userId: "U0BOB",
    text: "hello",
    blocks: [],
    attachments: [],
    files: [],
    reactions: [],
    isEdited: false,
    isEphemeral: false,
    values: {},
    ...change,
  };
}
