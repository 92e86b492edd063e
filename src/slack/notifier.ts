import { WebAPIPlatformError, WebAPIRateLimitedError, type WebClient } from "@slack/web-api";
import type { Outcome } from "../access/carry-out.ts";
import type { RecordDeps } from "../access/deps.ts";
import type { State } from "../domain/decide.ts";
import { requestName } from "../domain/request.ts";
import { recordEvent } from "../persistence/audit.ts";
import type { ClaimedEffect } from "../persistence/effects.ts";
import { readState } from "../persistence/requests.ts";
import { findApprovalMessage, saveApprovalMessage, type SlackPlace } from "../persistence/slack-messages.ts";
import type { Directory } from "./directory.ts";
import { permanentFault, plain, post, postInPerson, postTo } from "./posting.ts";
import {
  type Approver,
  approvalMessage,
  type Asked,
  maxNames,
  type Message,
  waitingStep,
} from "./views/approval-message.ts";
import { shorten } from "./views/rich-text.ts";
import {
  alertMessage,
  askedBy,
  expiryMessage,
  requesterMessage,
  threadMessage,
} from "./views/event-message.ts";

export type NotifierDeps = Pick<RecordDeps, "db" | "clock"> & {
  readonly client: WebClient;
  readonly directory: Directory;
};

type Effect<K extends ClaimedEffect["kind"]> = Extract<ClaimedEffect, { kind: K }>;

export type Notifier = {
  readonly [
    K in
      "remind_expiry" | "post_request" | "update_request" | "tell_thread" | "tell_requester" | "tell_alerts"
  ]: (effect: Effect<K>) => Promise<Outcome>;
};

/** A reminder may be late, but not so early that it was meant for an earlier end. */
const soonMs = 16 * 60_000;

const done: Outcome = { outcome: "done" };

/** Carries out what is owed to people: each message once, in its lane's order, tried again while Slack cannot take it. */
export function createNotifier(deps: NotifierDeps): Notifier {
  const send = createSender(deps);
  return {
    async post_request(effect) {
      if (await findApprovalMessage(deps.db, effect.requestId)) return done;
      const { state } = await read(deps, effect);
      const asked = await askedOf(deps.directory, state);
      return send(effect, async () => {
        const place = await postRequest(deps, state.request.terms.channel, state, asked);
        await saveApprovalMessage(deps.db, deps.clock, effect.requestId, place);
      });
    },
    async update_request(effect) {
      const place = await findApprovalMessage(deps.db, effect.requestId);
      if (!place) return { outcome: "done", note: "no approval message was posted" };
      const { state } = await read(deps, effect);
      const asked = await askedOf(deps.directory, state);
      return send(effect, () =>
        fitting(state, asked, ({ text, blocks }) =>
          deps.client.chat.update({ ...place, text, blocks: [...blocks] }),
        ),
      );
    },
    async tell_thread(effect) {
      const { event } = effect.payload;
      const message = threadMessage(event, await namesOf(deps.directory, askedBy(event)));
      const place = await findApprovalMessage(deps.db, effect.requestId);
      if (!message || !place) return { outcome: "done", note: "nothing to say, or nowhere" };
      return send(effect, () => post(deps.client, place.channel, message, { thread_ts: place.ts }));
    },
    async tell_requester(effect) {
      const { state } = await read(deps, effect);
      const message = requesterMessage(effect.payload.event, state.request);
      const { slackId } = state.request.requester;
      if (!message || slackId === undefined)
        return { outcome: "done", note: "nothing to say, or nobody in Slack" };
      return send(effect, () => postInPerson(deps.client, slackId, message));
    },
    async remind_expiry(effect) {
      const { state, now } = await read(deps, effect);
      const grant = state.grants.find(({ id }) => id === effect.grantId);
      const { slackId } = state.request.requester;
      const expiresAt = grant?.status === "active" ? grant.expiresAt : undefined;
      // It has ended, or lasts longer now and is reminded of again.
      if (!expiresAt || slackId === undefined || expiresAt.getTime() - now.getTime() > soonMs) return done;
      return send(effect, () => postInPerson(deps.client, slackId, expiryMessage(state.request, expiresAt)));
    },
    async tell_alerts(effect) {
      const { state } = await read(deps, effect);
      const message = alertMessage(effect.payload.event, state.request);
      if (!message) return done;
      return send(effect, () => postTo(deps, state.request.terms.alerts, message));
    },
  };
}

function createSender(
  deps: NotifierDeps,
): (effect: ClaimedEffect, call: () => Promise<unknown>) => Promise<Outcome> {
  return async (effect, call) => {
    try {
      await call();
      return done;
    } catch (error) {
      if (error instanceof WebAPIRateLimitedError) {
        return { outcome: "again", seconds: error.retryAfter, error: "Slack asked to wait", untouched: true };
      }
      const words = permanentFault(error);
      if (words === undefined) throw error;
      return giveUp(deps, effect, words);
    }
  };
}

/** Recorded, and said in the alerts channel where that is another one: a message nobody gets is never silent. */
async function giveUp(deps: NotifierDeps, effect: ClaimedEffect, error: string): Promise<Outcome> {
  const { state, now } = await read(deps, effect);
  const { channel, alerts } = state.request.terms;
  await recordEvent(
    deps.db,
    {
      type: "message.failed",
      at: now,
      actor: { kind: "hallpass" },
      data: { kind: effect.kind, channel, error },
    },
    { request: state.request, dedupeKey: `message.failed ${effect.id}` },
  );
  if (effect.kind !== "post_request") return { outcome: "done", note: error };
  const trouble = `${requestName(state.request)} could not be posted in ${channel} (${error})`;
  if (alerts === channel || !(await postInstead(deps, alerts, state, trouble))) {
    const text = `${trouble}, so nobody can approve it. Tell whoever keeps the policy.`;
    const { slackId } = state.request.requester;
    if (slackId !== undefined) await postInPerson(deps.client, slackId, plain(text));
  }
  return { outcome: "done", note: error };
}

/** The request is still to be judged: approvers find it in the alerts channel instead, if that can take it. */
async function postInstead(
  deps: NotifierDeps,
  alerts: string,
  state: State,
  trouble: string,
): Promise<boolean> {
  try {
    const place = await postRequest(deps, alerts, state, await askedOf(deps.directory, state));
    await saveApprovalMessage(deps.db, deps.clock, state.request.id, place);
    await post(deps.client, place.channel, plain(`${trouble}; it is decided here instead.`), {
      thread_ts: place.ts,
    });
    return true;
  } catch (error) {
    if (permanentFault(error) === undefined) throw error;
    return false;
  }
}

function postRequest(deps: NotifierDeps, channel: string, state: State, asked: Asked): Promise<SlackPlace> {
  return fitting(state, asked, (message) => postTo(deps, channel, message));
}

/** How much of a reason is shown where Slack does not take all of it. */
const shortReasonCharacters = 1_000;

/**
 * Sends the approval message; with the reason cut short when Slack finds it too long: how it counts is not published
 * (https://github.com/slackapi/bolt-js/issues/2509), and a request nobody sees is worse than a reason cut short.
 */
async function fitting<T>(state: State, asked: Asked, send: (message: Message) => Promise<T>): Promise<T> {
  try {
    return await send(approvalMessage(state, asked));
  } catch (error) {
    if (!(error instanceof WebAPIPlatformError) || !tooLong.has(error.data.error)) throw error;
    const reason = `${shorten(state.request.reason, shortReasonCharacters)} (shortened; the audit has it whole)`;
    return send(approvalMessage({ ...state, request: { ...state.request, reason } }, asked));
  }
}

const tooLong = new Set(["msg_too_long", "msg_blocks_too_long"]);

async function read(
  deps: NotifierDeps,
  effect: ClaimedEffect,
): Promise<{ readonly state: State; readonly now: Date }> {
  const found = await readState(deps.db, deps.clock, effect.requestId);
  if (!found) throw new Error(`effect ${effect.id} names a request that does not exist`);
  return found;
}

/** Who may decide the waiting step, those it pings first and mentioned; and whom else it pings. */
async function askedOf(directory: Directory, { request }: State): Promise<Asked> {
  const step = request.status === "pending" ? waitingStep(request) : undefined;
  if (!step) return { approvers: [], told: [] };
  const { approvers, notify = approvers } = step;
  const pinged = await namesOf(directory, notify);
  const mayDecide = new Set(approvers);
  const isPinged = new Set(notify);
  return {
    approvers: [
      ...pinged.filter(({ email }) => mayDecide.has(email)),
      ...approvers.filter((email) => !isPinged.has(email)).map((email) => ({ email })),
    ],
    told: pinged.filter(({ email }) => !mayDecide.has(email)),
  };
}

function namesOf(directory: Directory, emails: readonly string[]): Promise<readonly Approver[]> {
  return Promise.all(
    emails.map(async (email, index) => {
      // Those who are only counted need no looking up: Slack allows some fifty a minute.
      return index < maxNames ? { email, slackId: await directory.idByEmail(email) } : { email };
    }),
  );
}
