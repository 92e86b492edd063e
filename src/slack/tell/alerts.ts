import { randomUUID } from "node:crypto";
import { shorten } from "../../domain/text.ts";
import type { Logger } from "../../logger.ts";
import { mayBeDone, wordFault } from "../client/errors.ts";
import { findPosted, lastAnswerMs, markType } from "../delivery/find-posted.ts";
import { insist } from "../insist.ts";
import { plain, post, type PostingDeps, postTo } from "../delivery/posting.ts";

/** Slack's limit for the text of a section. */
const longestText = 3_000;

/** Retries for a quarter of an hour; the audit has the content as well. */
const pauses = [2, 10, 60, 120, 300, 300];
const longestMs = 20 * 60_000;

/** Posts a text that is about no request in the alerts channel. Runs in the background; a final failure is logged. */
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
