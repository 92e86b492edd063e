import { SlackError } from "@slack/web-api";
import { backoffSeconds, type Outcome } from "../../access/carry-out/carry-out.ts";
import { AskedToWait } from "../../groups/pause.ts";
import type { Logger } from "../../logger.ts";
import { addressOn, defaultSurface } from "../../domain/surface.ts";
import { type Compose, MessageGone, type Parcel, type Surface } from "../../notify/surface.ts";
import type { Place } from "../../persistence/messages.ts";
import type { ClaimedEffect } from "../../persistence/effects/effects.ts";
import {
  askedToWaitMs,
  isAppFault,
  mayBeDone,
  permanentFault,
  tokenFault,
  wordFault,
} from "../client/errors.ts";
import { findPosted, lastAnswerMs, markType } from "./find-posted.ts";
import type { HeldBack } from "./held-back.ts";
import type { Pace, PaceLimits } from "./pace.ts";
import {
  insistOnOurs,
  type Mark,
  post,
  type Posted,
  type PostingDeps,
  postTo,
  type SlackPlace,
} from "./posting.ts";
import type { TokenWatch } from "../client/token-watch.ts";
import { slackMessage } from "../views/message.ts";

export type CourierDeps = PostingDeps & {
  readonly log: Logger;
  readonly pace: Pace;
  readonly token: Pick<TokenWatch, "isRefused" | "refused">;
  readonly heldBack: Pick<HeldBack, "channelHeld">;
};

export type Courier = Pick<Surface, "deliver">;

/** chat.update is tier 3: some fifty a minute in all, with bursts (https://docs.slack.dev/apis/web-api/rate-limits). */
const updateLimits: PaceLimits = { burst: 30, intervalMs: 1_000 };
const updates = "chat.update";

/** Nothing is sent while the token is refused; the token watch wakes waiting messages as soon as it is accepted again. */
const refusedSeconds = 60;

/** Minimum wait after an app fault, which a person has to fix. */
const appFaultSeconds = 60;

/** Retry after this when Slack rate-limits its lists; by then another caller may have found the channel. */
const listSeconds = 20;

/** It is not this message's turn yet. */
class NotYet extends Error {
  readonly waitMs: number;

  constructor(waitMs: number, why = "waits for its turn in the channel") {
    super(why);
    this.waitMs = waitMs;
  }
}

/** How destinations, effects and places name Slack. */
export const slack = defaultSurface;

/** A place in Slack as it is stored. */
function placeOf({ channel, ts }: SlackPlace): Place {
  return { channel, ts };
}

export function readPlace({ channel, ts }: Place): SlackPlace {
  if (channel === undefined || ts === undefined) throw new Error("a message's place is not one in Slack");
  return { channel, ts };
}

/** Sends messages within Slack's rate limits, each only once as far as Slack lets us check what is already posted. */
export function createCourier(deps: CourierDeps): Courier {
  const { client, directory, log, pace, token, heldBack } = deps;
  return {
    async deliver(effect, urgency, work) {
      // If an earlier attempt began, it may have posted without getting an answer.
      const ageMs = effect.now.getTime() - effect.startedAt.getTime();
      const mayStand = ageMs > 1;
      if (token.isRefused()) return again(refusedSeconds, "Slack refuses the token", !mayStand);
      let isTouched = mayStand;
      const turns = new Set<string>();
      /** Where we are sending at this moment; a rate limit then applies to that place. */
      let sendingTo: string | undefined;
      let mayNotLook = false;

      const sending = async <T>(place: string, send: () => Promise<T>): Promise<T> => {
        sendingTo = place;
        const sent = await send();
        sendingTo = undefined;
        return sent;
      };
      const turn = (wanted: string, limits?: PaceLimits): void => {
        if (turns.has(wanted)) return pace.take(wanted);
        const waitMs = pace.ask(wanted, effect.id, urgency, { by: String(effect.requester), limits });
        if (waitMs > 0) throw new NotYet(waitMs);
        turns.add(wanted);
      };
      const send = async (
        channel: string,
        compose: Compose,
        options: { readonly thread_ts?: string; readonly part?: string | undefined },
        insist?: () => Promise<void>,
      ): Promise<Posted> => {
        const { thread_ts, part } = options;
        turn(channel);
        const metadata = markOf(effect, part);
        const found = mayStand
          ? await findPosted(client, { channel, thread_ts }, metadata, ageMs)
          : undefined;
        if (typeof found === "object") return found;
        if (found !== undefined) leaveTime(effect, found);
        mayNotLook ||= found === "unseen";
        const message = slackMessage(await compose());
        // Checked last, because the channel may have been shared meanwhile.
        await insist?.();
        try {
          const posted = await sending(channel, () =>
            post(client, channel, message, { thread_ts, metadata }),
          );
          isTouched = true;
          return posted;
        } catch (error) {
          isTouched ||= mayBeDone(error);
          throw error;
        }
      };
      const parcel: Parcel = {
        announce: async (destination, compose, part) =>
          placeOf(
            await postTo(directory, addressOn(slack, destination), (id) =>
              send(id, compose, { part }, () => insistOnOurs(directory, id)),
            ),
          ),
        async renew(lost, compose) {
          const { channel } = readPlace(lost);
          const insist = (): Promise<void> => insistOnOurs(directory, channel);
          return placeOf(await send(channel, compose, { part: "renewed" }, insist));
        },
        async seek(destination, part) {
          if (!mayStand) return undefined;
          const channel = await directory.channel(addressOn(slack, destination));
          const where = channel && { channel: channel.id, thread_ts: undefined };
          const found = where && (await findPosted(client, where, markOf(effect, part), ageMs));
          return typeof found === "object" ? placeOf(found) : undefined;
        },
        async refresh(place, compose) {
          turn(updates, updateLimits);
          const { channel, ts } = readPlace(place);
          const { text, blocks } = slackMessage(await compose());
          await insistOnOurs(directory, channel);
          const changed = { channel, ts, text, blocks: [...blocks] };
          await sending(updates, () => client.chat.update(changed));
        },
        async reply(place, compose, part) {
          const { channel, ts: thread_ts } = readPlace(place);
          const insist = (): Promise<void> => insistOnOurs(directory, channel);
          const posted = await send(channel, compose, { thread_ts, part }, insist);
          if (posted.isInThread) return;
          await client.chat.delete({ channel: posted.channel, ts: posted.ts });
          throw new MessageGone("message_not_found");
        },
        async direct(account, compose, part) {
          const slackId = addressOn(slack, account);
          const channel = await directory.directMessages(slackId);
          try {
            await send(channel, compose, { part });
          } catch (error) {
            if (permanentFault(error)?.kind !== "channel") throw error;
            directory.forgetDirectMessages(slackId);
            const another = await directory.directMessages(slackId);
            if (another === channel) throw error;
            await send(another, compose, { part });
          }
        },
      };

      try {
        return await work(parcel);
      } catch (error) {
        if (error instanceof NotYet) return again(error.waitMs / 1_000, error.message, !isTouched);
        const waitMs = askedToWaitMs(error);
        if (waitMs > 0) {
          if (sendingTo !== undefined) {
            pace.hold(sendingTo, waitMs);
            heldBack.channelHeld(sendingTo, waitMs);
          }
          return again(waitMs / 1_000, "Slack asked to wait", !isTouched);
        }
        if (error instanceof AskedToWait) return again(listSeconds, error.message, !isTouched);
        const refusal = tokenFault(error);
        if (refusal === undefined) {
          // Slack may still carry this out; wait long enough not to send it twice.
          if (mayNotLook && mayBeDone(error))
            return again(lastAnswerMs.unseen / 1_000, wordFault(error), false);
          if (isTouched || !(error instanceof SlackError)) throw error;
          log.error(
            { why: wordFault(error), effect: effect.id, kind: effect.kind },
            "Slack took nothing; it is tried again",
          );
          const seconds = backoffSeconds(effect.attempts);
          const waitSeconds = isAppFault(error) ? Math.max(appFaultSeconds, seconds) : seconds;
          return again(waitSeconds, wordFault(error), true);
        }
        token.refused(refusal);
        return again(refusedSeconds, `Slack refuses the token (${refusal})`, !isTouched);
      }
    },
  };
}

function again(seconds: number, error: string, untouched: boolean): Outcome {
  return { outcome: "again", seconds, error, untouched };
}

function markOf(effect: ClaimedEffect, part: string | undefined): Mark {
  return {
    event_type: markType,
    event_payload: { effect: effect.id, ...(part === undefined ? {} : { part }) },
  };
}

/**
 * Waits for a message that Slack was sent and has not answered for: it may still appear, and one sent beside it would
 * be a duplicate. An attempt whose process died left no error and is not waited for: nobody is there to hear an answer.
 */
function leaveTime({ startedAt, now, lastError }: ClaimedEffect, found: "unseen" | "none"): void {
  const leftMs = startedAt.getTime() + lastAnswerMs[found] - now.getTime();
  if (lastError !== null && leftMs > 0)
    throw new NotYet(leftMs, "Slack may not have done yet what it did not answer");
}
