import type { WebClient } from "@slack/web-api";
import { isAppFault, permanentFault } from "../client/errors.ts";
import type { Mark, Posted } from "./posting.ts";

/** The metadata type that marks our messages. */
export const markType = "hallpass_message";

/**
 * How long a message without an answer may still appear, in milliseconds. `unseen`: we cannot look for it, so wait
 * until Slack has answered or never will. `none`: we looked and it is not there; a proxy may give up shortly before
 * Slack has posted the message, so wait a little longer and look again.
 */
export const lastAnswerMs = { unseen: 60_000, none: 15_000 };

/** Slack's clock, the database's and this machine's may differ by this much. */
const clocksMs = 10 * 60_000;
const pageSize = 200;
const maxPages = 10;

/**
 * Looks for a message that an attempt of the last `ageMs` may have posted without getting an answer. `unseen`: Slack
 * does not let us look (that takes scopes which the app need not have); then it is posted again rather than never.
 */
export async function findPosted(
  client: WebClient,
  { channel, thread_ts: ts }: { readonly channel: string; readonly thread_ts: string | undefined },
  { event_payload: wanted }: Mark,
  ageMs: number,
): Promise<Posted | "none" | "unseen"> {
  const oldest = ((Date.now() - ageMs - clocksMs) / 1_000).toFixed(6);
  let cursor: string | undefined;
  for (let page = 0; page < maxPages; page += 1) {
    const options = {
      channel,
      oldest,
      limit: pageSize,
      include_all_metadata: true,
      ...(cursor === undefined ? {} : { cursor }),
    };
    let answer;
    try {
      answer = await (ts === undefined
        ? client.conversations.history(options)
        : client.conversations.replies({ ...options, ts }));
    } catch (error) {
      if (isAppFault(error) || permanentFault(error)?.kind === "channel") return "unseen";
      throw error;
    }
    for (const { ts: at, metadata } of answer.messages ?? []) {
      if (
        at !== undefined &&
        metadata?.event_type === markType &&
        isMark({ ...metadata.event_payload }, wanted)
      )
        return { channel, ts: at, isInThread: ts !== undefined };
    }
    cursor = answer.response_metadata?.next_cursor;
    if (cursor === undefined || cursor === "") return "none";
  }
  return "unseen";
}

function isMark(found: Readonly<Record<string, unknown>>, wanted: Mark["event_payload"]): boolean {
  const keys = Object.keys(wanted);
  return Object.keys(found).length === keys.length && keys.every((key) => found[key] === wanted[key]);
}
