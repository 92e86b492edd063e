import type { EventData } from "../../domain/audit-event.ts";
import type { State } from "../../domain/state.ts";
import { requestName } from "../../domain/request/request.ts";
import type { Logger } from "../../logger.ts";
import { isRecorded, recordEvent } from "../../persistence/audit.ts";
import type { ClaimedEffect } from "../../persistence/effects/effects.ts";
import {
  moveApprovalMessage,
  saveApprovalMessage,
  type SlackPlace,
} from "../../persistence/slack-messages.ts";
import { type CardDeps, readRequest, sendCard } from "./approval-card.ts";
import type { Parcel } from "./courier.ts";
import { plain } from "./posting.ts";
import { permanentFault } from "../client/errors.ts";
import type { Message } from "../views/approval-message.ts";

export type PlaceDeps = CardDeps & {
  readonly log: Logger;
  /** E-mail addresses of people who can fix a channel, as far as known. */
  readonly admins: () => Promise<readonly string[]>;
};

/** One effect, and the parcel that sends its messages. */
export type Errand = { readonly effect: ClaimedEffect; readonly parcel: Parcel };

/** Posts the approval message for the first time; `undefined` if no channel takes it, which people are then told. */
export async function placeCard(deps: PlaceDeps, errand: Errand): Promise<SlackPlace | undefined> {
  const { state } = await readRequest(deps, errand.effect);
  const { channel, alerts } = state.request.terms;
  // An earlier attempt may have moved the message to the alerts channel; the request's own channel may work again by now.
  const moved = await errand.parcel.seek(alerts, "moved");
  if (moved) {
    await saveApprovalMessage(deps.db, deps.clock, errand.effect.requestId, moved);
    return moved;
  }
  try {
    const place = await sendCard(deps, errand.effect, (compose) => errand.parcel.postTo(channel, compose));
    await saveApprovalMessage(deps.db, deps.clock, errand.effect.requestId, place);
    return place;
  } catch (error) {
    const fault = permanentFault(error);
    if (!fault) throw error;
    return moveCard(deps, errand, undefined, fault.words);
  }
}

/** Replaces an approval message that was deleted in Slack; the thread continues under the new one. */
export async function renewCard(
  deps: PlaceDeps,
  errand: Errand,
  lost: SlackPlace,
  words: string,
): Promise<SlackPlace | undefined> {
  const { effect, parcel } = errand;
  const { state } = await readRequest(deps, effect);
  let place: SlackPlace;
  try {
    place = await sendCard(deps, effect, (compose) =>
      parcel.post(lost.channel, compose, { part: "renewed" }),
    );
  } catch (error) {
    const fault = permanentFault(error);
    if (!fault) throw error;
    return moveCard(deps, errand, lost, fault.words);
  }
  await recordFailure(deps, effect, { channel: lost.channel, error: words, instead: place.channel });
  await moveApprovalMessage(deps.db, deps.clock, effect.requestId, place);
  const text = `The message about ${requestName(state.request)} was deleted in Slack; this one stands in for it.`;
  await parcel.post(place.channel, () => plain(text), { thread_ts: place.ts, part: "why" });
  return place;
}

/**
 * Posts the approval message elsewhere when its channel takes no messages. If no channel is left, tells the requester
 * and the admins directly, once per request. `lost`: where the message was, if it had been posted.
 */
export async function moveCard(
  deps: PlaceDeps,
  errand: Errand,
  lost: SlackPlace | undefined,
  words: string,
): Promise<SlackPlace | undefined> {
  const { effect, parcel } = errand;
  const { state } = await readRequest(deps, effect);
  const name = requestName(state.request);
  const { channel, alerts } = state.request.terms;
  const trouble = lost
    ? `${name} cannot go on in ${channel} (${words})`
    : `${name} could not be posted in ${channel} (${words})`;
  const candidates = new Set([channel, alerts]);
  // It has just failed there.
  if (!lost) candidates.delete(channel);
  for (const candidate of candidates) {
    try {
      const place = await sendCard(deps, effect, (compose) => parcel.postTo(candidate, compose, "moved"));
      await recordFailure(deps, effect, { channel, error: words, instead: candidate });
      if (lost) await moveApprovalMessage(deps.db, deps.clock, effect.requestId, place);
      else await saveApprovalMessage(deps.db, deps.clock, effect.requestId, place);
      const verb = state.request.status === "pending" ? "is decided" : "goes on";
      const why = plain(`${trouble}; it ${verb} here instead.`);
      await parcel.post(place.channel, () => why, { thread_ts: place.ts, part: "why" });
      // The requester was told to look in the original channel.
      const { slackId } = state.request.requester;
      const where = plain(`${trouble}; it ${verb} in ${candidate} instead.`);
      if (slackId !== undefined) await tryInPerson(parcel, slackId, where, "where");
      return place;
    } catch (error) {
      if (!permanentFault(error)) throw error;
    }
  }
  await sayNowhere(deps, errand, state, { channel, error: words, trouble });
  return undefined;
}

async function sayNowhere(
  deps: PlaceDeps,
  { effect, parcel }: Errand,
  { request }: State,
  { channel, error, trouble }: { readonly channel: string; readonly error: string; readonly trouble: string },
): Promise<void> {
  const key = `message.nowhere ${request.id}`;
  if (await isRecorded(deps.db, key)) return;
  deps.log.error(
    { request: requestName(request), channel, why: error },
    "no channel takes a request's messages",
  );
  const { slackId } = request.requester;
  const text =
    request.status === "pending"
      ? `${trouble}, so nobody can approve it yet. Tell whoever keeps the policy; it is posted as soon as there is a channel for it.`
      : `${trouble}, so what happens to it is told to you alone. Tell whoever keeps the policy.`;
  if (slackId !== undefined) await tryInPerson(parcel, slackId, plain(text), "nowhere");
  const mend = `${trouble}, nor in ${request.terms.alerts}. Mend one of these channels, and it goes on there within two minutes. What is asked for from now on goes where the policy says by then.`;
  await tellAdmins(deps, parcel, plain(mend));
  await recordFailure(deps, effect, { channel, error }, key);
}

/** Sends a direct message to Hallpass's admins, those of the first `maxAdmins` whom Slack knows. */
export async function tellAdmins(deps: PlaceDeps, parcel: Parcel, message: Message): Promise<void> {
  for (const email of (await deps.admins()).slice(0, maxAdmins)) {
    const slackId = await deps.directory.idByEmail(email);
    if (slackId !== undefined) await tryInPerson(parcel, slackId, message, `admin ${slackId}`);
  }
}

const maxAdmins = 10;

async function tryInPerson(parcel: Parcel, slackId: string, message: Message, part: string): Promise<void> {
  try {
    await parcel.postInPerson(slackId, () => message, part);
  } catch (error) {
    // A person who cannot be messaged must not keep the others from getting theirs.
    if (!permanentFault(error)) throw error;
  }
}

/** Records in the audit that a message could not be delivered where people expect it. */
export async function recordFailure(
  deps: PlaceDeps,
  effect: ClaimedEffect,
  data: Omit<EventData<"message.failed">, "kind">,
  dedupeKey = `message.failed ${effect.id}`,
): Promise<void> {
  const { state, now } = await readRequest(deps, effect);
  await recordEvent(
    deps.db,
    { type: "message.failed", at: now, actor: { kind: "hallpass" }, data: { kind: effect.kind, ...data } },
    { request: state.request, dedupeKey },
  );
}
