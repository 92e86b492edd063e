import type { Handlers, Outcome } from "../../access/carry-out/carry-out.ts";
import type { AuditEvent } from "../../domain/audit-event.ts";
import { reviewed } from "../../domain/request/break-glass.ts";
import type { AccessRequest } from "../../domain/request/request.ts";
import type { ClaimedEffect } from "../../persistence/effects/effects.ts";
import { findLater, settleMerged } from "../../persistence/effects/owed-messages.ts";
import { findApprovalMessage, type SlackPlace } from "../../persistence/slack-messages.ts";
import { namesOf, readRequest, sendCard } from "./approval-card.ts";
import {
  type Errand,
  moveCard,
  placeCard,
  type PlaceDeps,
  recordFailure,
  renewCard,
  tellAdmins,
} from "./approval-place.ts";
import { type Compose, type CourierDeps, createCourier, type Parcel } from "./courier.ts";
import { lookAtApproval, lookAtRequest, type UnusualDeps } from "../tell/unusual.ts";
import type { Urgency } from "./pace.ts";
import { plain } from "./posting.ts";
import { type PermanentFault, permanentFault } from "../client/errors.ts";
import type { Message } from "../views/approval-message.ts";
import {
  alertMessage,
  askedBy,
  expiryMessage,
  requesterMessage,
  threadMessage,
} from "../views/event-message.ts";
import { withFlags } from "../views/unusual.ts";

export type NotifierDeps = CourierDeps & PlaceDeps & UnusualDeps;

/** Carries out each effect that is a message. */
export type Notifier = Handlers<
  "remind_expiry" | "post_request" | "update_request" | "tell_thread" | "tell_requester" | "tell_alerts"
>;

/** A reminder with more time than this left was meant for an earlier end. */
const soonMs = 16 * 60_000;

/** Retry interval while no channel takes a request and it waits for approval. */
const nowhereSeconds = 120;

const done: Outcome = { outcome: "done" };
const doneWith = (note: string): Outcome => ({ outcome: "done", note });

/** Sends the messages owed to people: each once, in its lane's order, retried while Slack cannot take it. */
export function createNotifier(deps: NotifierDeps): Notifier {
  const courier = createCourier(deps);
  const deliver = (
    effect: ClaimedEffect<keyof Notifier>,
    work: (parcel: Parcel) => Promise<Outcome>,
  ): Promise<Outcome> =>
    courier.deliver(effect, urgencyOf(effect), async (parcel) => {
      try {
        return await work(parcel);
      } catch (error) {
        const fault = permanentFault(error);
        if (!fault) throw error;
        await recordFailure(deps, effect, { error: fault.words });
        return doneWith(fault.words);
      }
    });

  return {
    async post_request(effect) {
      if (await findApprovalMessage(deps.db, effect.requestId)) return done;
      await lookAtRequest(deps, effect);
      return deliver(effect, async (parcel) => {
        if (await placeCard(deps, { effect, parcel })) return done;
        const { state } = await readRequest(deps, effect);
        const error = "no channel takes it";
        if (state.request.status !== "pending") return doneWith(error);
        // Retry, because somebody may fix a channel; until then nobody can approve the request.
        return { outcome: "again", seconds: nowhereSeconds, error, untouched: false };
      });
    },
    async update_request(effect) {
      // Updates that are due by now are about changes that this one will show already.
      const later = await findLater(deps.db, deps.clock, effect);
      return deliver(effect, async (parcel) => {
        await updateCard(deps, { effect, parcel });
        await settleMerged(
          deps.db,
          deps.clock,
          later.map(({ id }) => id),
        );
        return done;
      });
    },
    async tell_thread(effect) {
      const { event } = effect;
      if (!threadMessage(event)) return doneWith("nothing to say");
      const outdated = await outdatedBy(deps, effect);
      if (outdated !== undefined) return doneWith(outdated);
      const flags = await lookAtApproval(deps, effect);
      return deliver(effect, async (parcel) => {
        const place = await findApprovalMessage(deps.db, effect.requestId);
        if (!place) return doneWith("nowhere to say it");
        return sayInThread(deps, { effect, parcel }, place, async () =>
          withFlags(certain(threadMessage(event, await namesOf(deps.directory, askedBy(event)))), flags),
        );
      });
    },
    async tell_requester(effect) {
      const { state } = await readRequest(deps, effect);
      const message = requesterMessage(effect.event, state.request);
      const { slackId } = state.request.requester;
      if (!message || slackId === undefined) return doneWith("nothing to say, or nobody in Slack");
      return deliver(effect, async (parcel) => {
        await parcel.postInPerson(slackId, () => message);
        return done;
      });
    },
    async remind_expiry(effect) {
      const { state, now } = await readRequest(deps, effect);
      const grant = state.grants.find(({ id }) => id === effect.grantId);
      const { slackId } = state.request.requester;
      const expiresAt = grant?.status === "active" ? grant.expiresAt : undefined;
      const leftMs = expiresAt ? expiresAt.getTime() - now.getTime() : 0;
      // The access has ended, or was extended and gets another reminder.
      if (!expiresAt || slackId === undefined || leftMs <= 0 || leftMs > soonMs) return done;
      if ((await findLater(deps.db, deps.clock, effect)).length > 0) return doneWith("a later one says it");
      return deliver(effect, async (parcel) => {
        await parcel.postInPerson(slackId, () => expiryMessage(state.request, expiresAt));
        return done;
      });
    },
    async tell_alerts(effect) {
      const { state } = await readRequest(deps, effect);
      const message = alertMessage(effect.event, state.request);
      if (!message) return done;
      const outdated = await outdatedBy(deps, effect);
      if (outdated !== undefined) return doneWith(outdated);
      return deliver(effect, async (parcel) => {
        const { alerts } = state.request.terms;
        try {
          await parcel.postTo(alerts, () => message);
          return done;
        } catch (error) {
          const fault = permanentFault(error);
          if (!fault) throw error;
          deps.log.error({ channel: alerts, err: fault.words }, "the alerts channel takes nothing");
          await recordFailure(deps, effect, { channel: alerts, error: fault.words });
          const why = plain(`This was to be said in ${alerts}, which takes no messages: ${fault.words}`);
          await tellAdmins(deps, parcel, { text: message.text, blocks: [...message.blocks, ...why.blocks] });
          return doneWith(fault.words);
        }
      });
    },
  };
}

async function updateCard(deps: NotifierDeps, errand: Errand): Promise<void> {
  const { effect, parcel } = errand;
  const place = await findApprovalMessage(deps.db, effect.requestId);
  if (!place) {
    // No channel took the message; one may have been fixed since.
    await placeCard(deps, errand);
    return;
  }
  try {
    await sendCard(deps, effect, (compose) => parcel.update(place, compose));
  } catch (error) {
    const fault = permanentFault(error);
    if (!fault || fault.kind === "refused") throw error;
    await placeAgain(deps, errand, place, fault);
  }
}

async function sayInThread(
  deps: NotifierDeps,
  errand: Errand,
  place: SlackPlace,
  compose: Compose,
): Promise<Outcome> {
  const { parcel } = errand;
  const fault = await replyTo(parcel, place, compose);
  if (!fault) return done;
  const next = await placeAgain(deps, errand, place, fault);
  if (!next) return doneWith(fault.words);
  await parcel.post(next.channel, compose, { thread_ts: next.ts });
  return done;
}

/** Replies in a message's thread; returns why not if the message or its channel is gone. */
async function replyTo(
  parcel: Parcel,
  { channel, ts }: SlackPlace,
  compose: Compose,
): Promise<PermanentFault | undefined> {
  try {
    const posted = await parcel.post(channel, compose, { thread_ts: ts });
    if (posted.isInThread) return undefined;
    await parcel.retract(posted);
    return { kind: "message", words: "message_not_found" };
  } catch (error) {
    const fault = permanentFault(error);
    if (!fault || fault.kind === "refused") throw error;
    return fault;
  }
}

function placeAgain(
  deps: NotifierDeps,
  errand: Errand,
  lost: SlackPlace,
  { kind, words }: PermanentFault,
): Promise<SlackPlace | undefined> {
  return kind === "message" ? renewCard(deps, errand, lost, words) : moveCard(deps, errand, lost, words);
}

/** Why a delayed message need not be sent any more: what it asks for is done, or a later one says the same. */
async function outdatedBy(
  deps: NotifierDeps,
  effect: ClaimedEffect<"tell_thread" | "tell_alerts">,
): Promise<string | undefined> {
  const { type, grantId } = effect.event;
  if (!repeated.has(type)) return undefined;
  const { state } = await readRequest(deps, effect);
  if (!isStillTrue(effect.event, state.request)) return "no longer true";
  const later = await findLater(deps.db, deps.clock, effect);
  const isSaidLater = later.some((one) => one.eventType === type && (one.grantId ?? undefined) === grantId);
  return isSaidLater ? "a later one says it" : undefined;
}

/** Events that are repeated until somebody acts. */
const repeated: ReadonlySet<AuditEvent["type"]> = new Set([
  "request.reminded",
  "request.escalated",
  "break_glass.overdue",
  "revocation.failed",
]);

function isStillTrue({ type }: AuditEvent, request: AccessRequest): boolean {
  if (type === "request.reminded" || type === "request.escalated") return request.status === "pending";
  return type !== "break_glass.overdue" || !reviewed(request);
}

/** Approval messages are urgent because people wait for them; access that should have ended comes before merely informative messages. */
function urgencyOf(effect: ClaimedEffect<keyof Notifier>): Urgency {
  switch (effect.kind) {
    case "post_request":
    case "tell_alerts":
      return "urgent";
    case "update_request":
      return "ordinary";
    case "remind_expiry":
      return "patient";
    case "tell_thread":
    case "tell_requester": {
      const { type } = effect.event;
      if (type === "revocation.failed" || type.startsWith("break_glass.")) return "urgent";
      return type === "request.reminded" ? "patient" : "ordinary";
    }
  }
}

function certain(message: Message | undefined): Message {
  if (!message) throw new Error("an event that was worth saying is not any more");
  return message;
}
