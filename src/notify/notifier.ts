import type { Handlers, Outcome } from "../access/carry-out/carry-out.ts";
import type { AuditEvent } from "../domain/audit-event.ts";
import type { MessageKind } from "../domain/effect.ts";
import { reviewed } from "../domain/request/break-glass.ts";
import type { AccessRequest } from "../domain/request/request.ts";
import type { ClaimedEffect } from "../persistence/effects/effects.ts";
import { findLater, settleMerged } from "../persistence/effects/owed-messages.ts";
import { findApprovalMessage, type Place } from "../persistence/messages.ts";
import {
  type Errand,
  moveCard,
  placeCard,
  type PlaceDeps,
  recordFailure,
  renewCard,
  tellAdmins,
} from "./approval-place.ts";
import { alertMessage, askedBy, expiryMessage, requesterMessage, threadMessage } from "./event-message.ts";
import { lookAtApproval, lookAtRequest, type UnusualDeps } from "./look-for-unusual.ts";
import { type Message, plainMessage, withMore } from "./message.ts";
import { readRequest, sendCard } from "./send-card.ts";
import type { Compose, Fault, Surface, Urgency } from "./surface.ts";
import { withFlags } from "./unusual-lines.ts";

export type NotifierDeps = PlaceDeps &
  UnusualDeps & {
    /** The chat surfaces Hallpass is on, by their names. */
    readonly surfaces: ReadonlyMap<string, Surface>;
  };

/** Carries out each effect that is a message. */
export type Notifier = Handlers<MessageKind>;

/** A reminder with more time than this left was meant for an earlier end. */
const soonMs = 16 * 60_000;

/** Retry interval while no channel takes a request and it waits for approval. */
const nowhereSeconds = 120;

/** Retry interval while each new card is deleted as it comes. */
const deletedSeconds = 5;

const done: Outcome = { outcome: "done" };
const doneWith = (note: string): Outcome => ({ outcome: "done", note });

/** Sends the messages owed to people: each once, in its lane's order, retried while its surface cannot take it. */
export function createNotifier(deps: NotifierDeps): Notifier {
  const deliver = async (
    effect: ClaimedEffect<MessageKind>,
    work: (errand: Errand) => Promise<Outcome>,
  ): Promise<Outcome> => {
    const surface = deps.surfaces.get(effect.surface);
    if (!surface) {
      const error = `Hallpass is not on ${effect.surface}`;
      await recordFailure(deps, effect, { error });
      return doneWith(error);
    }
    return surface.deliver(effect, urgencyOf(effect), async (parcel) => {
      try {
        return await work({ effect, surface, parcel });
      } catch (error) {
        const { fault } = surface.judge(error);
        if (!fault) throw error;
        await recordFailure(deps, effect, { error: fault.words });
        return doneWith(fault.words);
      }
    });
  };

  return {
    async post_request(effect) {
      if (await findApprovalMessage(deps.db, effect.requestId, effect.surface)) return done;
      await lookAtRequest(deps, effect);
      return deliver(effect, async (errand) => {
        if (await placeCard(deps, errand)) return done;
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
      return deliver(effect, async (errand) => {
        await updateCard(deps, errand);
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
      return deliver(effect, async (errand) => {
        const place = await findApprovalMessage(deps.db, effect.requestId, effect.surface);
        if (!place) return doneWith("nowhere to say it");
        return sayInThread(deps, errand, place, async () =>
          withFlags(certain(threadMessage(event, await errand.surface.mentions(askedBy(event)))), flags),
        );
      });
    },
    async tell_requester(effect) {
      const { state } = await readRequest(deps, effect);
      const message = requesterMessage(effect.event, state.request);
      const { account } = state.request.requester;
      if (!message || account === undefined) return doneWith("nothing to say, or nobody to tell");
      return deliver(effect, async ({ parcel }) => {
        await parcel.direct(account, () => message);
        return done;
      });
    },
    async remind_expiry(effect) {
      const { state, now } = await readRequest(deps, effect);
      const grant = state.grants.find(({ id }) => id === effect.grantId);
      const { account } = state.request.requester;
      const expiresAt = grant?.status === "active" ? grant.expiresAt : undefined;
      const leftMs = expiresAt ? expiresAt.getTime() - now.getTime() : 0;
      // The access has ended, or was extended and gets another reminder.
      if (!expiresAt || account === undefined || leftMs <= 0 || leftMs > soonMs) return done;
      if ((await findLater(deps.db, deps.clock, effect)).length > 0) return doneWith("a later one says it");
      return deliver(effect, async ({ parcel }) => {
        await parcel.direct(account, () => expiryMessage(state.request, expiresAt));
        return done;
      });
    },
    async tell_alerts(effect) {
      const { state } = await readRequest(deps, effect);
      const message = alertMessage(effect.event, state.request);
      if (!message) return done;
      const outdated = await outdatedBy(deps, effect);
      if (outdated !== undefined) return doneWith(outdated);
      return deliver(effect, async (errand) => {
        const { alerts } = state.request.terms;
        try {
          await errand.parcel.announce(alerts, () => message);
          return done;
        } catch (error) {
          const { fault } = errand.surface.judge(error);
          if (!fault) throw error;
          deps.log.error({ channel: alerts, err: fault.words }, "the alerts channel takes nothing");
          await recordFailure(deps, effect, { channel: alerts, error: fault.words });
          const why = plainMessage(
            `This was to be said in ${alerts}, which takes no messages: ${fault.words}`,
          );
          await tellAdmins(deps, errand, withMore(message, { sections: why.sections }));
          return doneWith(fault.words);
        }
      });
    },
  };
}

async function updateCard(deps: NotifierDeps, errand: Errand): Promise<void> {
  const { effect, surface, parcel } = errand;
  const place = await findApprovalMessage(deps.db, effect.requestId, effect.surface);
  if (!place) {
    // No channel took the message; one may have been fixed since.
    await placeCard(deps, errand);
    return;
  }
  try {
    await sendCard(deps, surface, effect, (compose) => parcel.refresh(place, compose));
  } catch (error) {
    const { fault } = surface.judge(error);
    if (!isLost(fault)) throw error;
    await placeAgain(deps, errand, place, fault);
  }
}

async function sayInThread(
  deps: NotifierDeps,
  errand: Errand,
  place: Place,
  compose: Compose,
): Promise<Outcome> {
  const { surface, parcel } = errand;
  try {
    await parcel.reply(place, compose);
    return done;
  } catch (error) {
    const { fault } = surface.judge(error);
    if (!isLost(fault)) throw error;
    const next = await placeAgain(deps, errand, place, fault);
    if (!next) return doneWith(fault.words);
    return sayAnew(errand, next, compose);
  }
}

/** Replies under a new card; if that has been deleted at once, the next attempt makes another. */
async function sayAnew({ surface, parcel }: Errand, place: Place, compose: Compose): Promise<Outcome> {
  try {
    await parcel.reply(place, compose);
    return done;
  } catch (error) {
    const { fault } = surface.judge(error);
    if (fault?.kind !== "message") throw error;
    return { outcome: "again", seconds: deletedSeconds, error: fault.words, untouched: false };
  }
}

/** Whether the message or its channel is gone, so that it has to stand elsewhere. */
function isLost(fault: Fault | undefined): fault is Fault {
  return fault?.kind === "message" || fault?.kind === "destination";
}

function placeAgain(
  deps: NotifierDeps,
  errand: Errand,
  lost: Place,
  { kind, words }: Fault,
): Promise<Place | undefined> {
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
function urgencyOf(effect: ClaimedEffect<MessageKind>): Urgency {
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
