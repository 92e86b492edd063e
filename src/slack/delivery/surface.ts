import { addressOn } from "../../domain/surface.ts";
import { maxNames } from "../../words/people.ts";
import {
  type Fault,
  type Judgement,
  MessageGone,
  type Announcer,
  type Surface,
} from "../../notify/surface.ts";
import {
  askedToWaitMs,
  codeOf,
  isPlatformError,
  mayBeDone,
  permanentFault,
  tokenFault,
  wordFault,
} from "../client/errors.ts";
import { slackMessage } from "../views/message.ts";
import { type CourierDeps, createCourier, readPlace, slack } from "./courier.ts";
import { findPosted, lastAnswerMs, markType } from "./find-posted.ts";
import { post, type PostingDeps, postTo } from "./posting.ts";

/** Slack as a surface that Hallpass talks on. */
export function createSlackSurface(deps: CourierDeps): Surface {
  const { directory } = deps;
  return {
    name: slack,
    ...createSlackAnnouncer(deps),
    deliver: createCourier(deps).deliver,
    // Who is only counted needs no lookup: Slack's rate limit is some fifty a minute.
    mentions: (addresses) =>
      Promise.all(
        addresses.map(async (email, index) =>
          index < maxNames ? { email, account: await directory.idByEmail(email) } : { email },
        ),
      ),
    accountOf: (address) => directory.idByEmail(address),
    destinationOf: (place) => readPlace(place).channel,
  };
}

/** Nothing was sent yet when this went wrong. */
class NothingSent extends Error {
  constructor(cause: unknown) {
    super("nothing was sent", { cause });
  }
}

/** Says something in Slack at once. */
export function createSlackAnnouncer({ client, directory }: PostingDeps): Announcer {
  return {
    async say(to, message, mark, mayStandMs) {
      const metadata = { event_type: markType, event_payload: mark };
      let isSending = false;
      const send = async (channel: string, thread_ts?: string): Promise<void> => {
        isSending = false;
        if (mayStandMs !== undefined) {
          const found = await findPosted(client, { channel, thread_ts }, metadata, mayStandMs);
          if (typeof found === "object") return;
        }
        isSending = true;
        await post(client, channel, slackMessage(message), { thread_ts, metadata });
      };
      try {
        if ("destination" in to) await postTo(directory, addressOn(slack, to.destination), (id) => send(id));
        else {
          const { channel, ts } = readPlace(to.under);
          await send(channel, ts);
        }
      } catch (error) {
        throw isSending ? error : new NothingSent(error);
      }
    },
    judge,
    doubtSeconds: lastAnswerMs.unseen / 1_000,
  };
}

/** What an error of Slack's, or on the way there, means for whoever would try again. */
export function judge(error: unknown): Judgement {
  if (error instanceof NothingSent) return { ...judge(error.cause), mayBeDone: false };
  const fault = faultOf(error);
  return {
    words: wordFault(error),
    ...(fault && { fault }),
    mayBeDone: mayBeDone(error),
    isAway: tokenFault(error) !== undefined || !isPlatformError(error),
    waitMs: askedToWaitMs(error),
  };
}

function faultOf(error: unknown): Fault | undefined {
  if (error instanceof MessageGone) return { kind: "message", words: error.message };
  const fault = permanentFault(error);
  if (!fault) return undefined;
  const { kind, words } = fault;
  if (kind === "channel") return { kind: "destination", words };
  return tooLong.has(codeOf(error) ?? "") ? { kind: "too_long", words } : { kind, words };
}

/** Slack does not publish how it counts (https://github.com/slackapi/bolt-js/issues/2509). */
const tooLong = new Set(["msg_too_long", "msg_blocks_too_long"]);
