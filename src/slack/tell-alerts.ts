import { randomUUID } from "node:crypto";
import type { Logger } from "../logger.ts";
import { mayBeDone, wordFault } from "./slack-errors.ts";
import { findPosted, lastAnswerMs, markType } from "./find-posted.ts";
import { insist } from "./insist.ts";
import { plain, post, type PostingDeps, postTo } from "./posting.ts";
import { shorten } from "./views/rich-text.ts";

/** As much as a section of a message holds. */
const longestText = 3_000;

/** Slack is waited for a quarter of an hour; what is said is in the audit besides. */
const pauses = [2, 10, 60, 120, 300, 300];
const longestMs = 20 * 60_000;

/** Says something in the alerts channel that is about no request. Nobody waits for it; what fails for good is logged. */
export function tellAlerts(
  { client, directory, log }: PostingDeps & { readonly log: Logger },
  channel: string,
  text: string,
): void {
  const metadata = { event_type: markType, event_payload: { alert: randomUUID() } };
  let mayStand = false;
  const say = async (id: string): Promise<void> => {
    const where = { channel: id, thread_ts: undefined };
    if (mayStand && typeof (await findPosted(client, where, metadata, longestMs)) === "object") return;
    try {
      await post(client, id, plain(shorten(text, longestText)), { metadata });
    } catch (error) {
      mayStand ||= mayBeDone(error);
      throw error;
    }
  };
  const doubtSeconds = lastAnswerMs.unseen / 1_000;
  insist(() => postTo(directory, channel, say), pauses, { doubtSeconds }).catch((error: unknown) =>
    log.warn({ why: wordFault(error), channel }, "the alerts channel could not be told"),
  );
}
