import { SlackError } from "@slack/web-api";
import { backoffSeconds, type Outcome } from "../../access/carry-out/carry-out.ts";
import { AskedToWait } from "../../groups/pause.ts";
import type { Logger } from "../../logger.ts";
import type { ClaimedEffect } from "../../persistence/effects/effects.ts";
import type { SlackPlace } from "../../persistence/slack-messages.ts";
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
import type { Pace, PaceLimits, Urgency } from "./pace.ts";
import { insistOnOurs, type Mark, post, type Posted, type PostingDeps, postTo } from "./posting.ts";
import type { TokenWatch } from "../client/token-watch.ts";
import type { Message } from "../views/approval-message.ts";

export type CourierDeps = PostingDeps & {
  readonly log: Logger;
  readonly pace: Pace;
  readonly token: Pick<TokenWatch, "isRefused" | "refused">;
  readonly heldBack: Pick<HeldBack, "channelHeld">;
};

/** Called when it is the message's turn, so that the content is up to date and waiting messages need no lookups. */
export type Compose = () => Message | Promise<Message>;

/**
 * Sends the messages of one effect. In each place only the first message waits for its turn; the others follow at once.
 * `part` distinguishes the messages of one effect.
 */
export type Parcel = {
  /** In a channel by its id or `#name`. */
  postTo(idOrName: string, compose: Compose, part?: string): Promise<Posted>;
  /** Looks for a message that an earlier attempt may have posted in a channel; `undefined` if there is none or we cannot see it. */
  seek(idOrName: string, part: string): Promise<Posted | undefined>;
  /** In a channel by its id, in a thread if one is given. */
  post(
    channel: string,
    compose: Compose,
    options?: { readonly thread_ts?: string; readonly part?: string },
  ): Promise<Posted>;
  /** By direct message. */
  postInPerson(slackId: string, compose: Compose, part?: string): Promise<Posted>;
  update(place: SlackPlace, compose: Compose): Promise<void>;
  /** Deletes a posted message. */
  retract(place: SlackPlace): Promise<void>;
};

export type Courier = {
  /** Runs an effect's work as soon as Slack accepts it; otherwise says when to retry. Throws errors that may pass by themselves. */
  deliver(
    effect: ClaimedEffect,
    urgency: Urgency,
    work: (parcel: Parcel) => Promise<Outcome>,
  ): Promise<Outcome>;
};

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
        { thread_ts, part }: NonNullable<Parameters<Parcel["post"]>[2]> = {},
        insist?: () => Promise<void>,
      ): Promise<Posted> => {
        turn(channel);
        const metadata = markOf(effect, part);
        const found = mayStand
          ? await findPosted(client, { channel, thread_ts }, metadata, ageMs)
          : undefined;
        if (typeof found === "object") return found;
        if (found !== undefined) leaveTime(effect, found);
        mayNotLook ||= found === "unseen";
        const message = await compose();
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
      const named = (part: string | undefined): { readonly part?: string } =>
        part === undefined ? {} : { part };
      const parcel: Parcel = {
        postTo: (idOrName, compose, part) =>
          postTo(directory, idOrName, (id) =>
            send(id, compose, named(part), () => insistOnOurs(directory, id)),
          ),
        async seek(idOrName, part) {
          if (!mayStand) return undefined;
          const channel = await directory.channel(idOrName);
          const where = channel && { channel: channel.id, thread_ts: undefined };
          const found = where && (await findPosted(client, where, markOf(effect, part), ageMs));
          return typeof found === "object" ? found : undefined;
        },
        post: (channel, compose, options) =>
          send(channel, compose, options, () => insistOnOurs(directory, channel)),
        async postInPerson(slackId, compose, part) {
          const channel = await directory.directMessages(slackId);
          try {
            return await send(channel, compose, named(part));
          } catch (error) {
            if (permanentFault(error)?.kind !== "channel") throw error;
            directory.forgetDirectMessages(slackId);
            const another = await directory.directMessages(slackId);
            if (another === channel) throw error;
            return send(another, compose, named(part));
          }
        },
        async update(at, compose) {
          turn(updates, updateLimits);
          const { text, blocks } = await compose();
          await insistOnOurs(directory, at.channel);
          const changed = { channel: at.channel, ts: at.ts, text, blocks: [...blocks] };
          await sending(updates, () => client.chat.update(changed));
        },
        async retract({ channel, ts }) {
          await client.chat.delete({ channel, ts });
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
