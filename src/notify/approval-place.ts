import type { EventData } from "../domain/audit-event.ts";
import type { MessageKind } from "../domain/effect.ts";
import type { State } from "../domain/state.ts";
import { requestName } from "../domain/request/request.ts";
import { surfaceOf } from "../domain/surface.ts";
import type { Logger } from "../logger.ts";
import { isRecorded, recordEvent } from "../persistence/audit.ts";
import type { ClaimedEffect } from "../persistence/effects/effects.ts";
import { moveApprovalMessage, type Place, saveApprovalMessage } from "../persistence/messages.ts";
import { type Message, plainMessage } from "./message.ts";
import { type ReadDeps, readRequest, sendCard } from "./send-card.ts";
import type { Parcel, Surface } from "./surface.ts";

export type PlaceDeps = ReadDeps & {
  readonly log: Logger;
  /** E-mail addresses of people who can fix a channel, as far as known. */
  readonly admins: () => Promise<readonly string[]>;
};

/** One effect, the surface it is said on, and the parcel that sends its messages. */
export type Errand = {
  readonly effect: ClaimedEffect<MessageKind>;
  readonly surface: Surface;
  readonly parcel: Parcel;
};

/** Posts the approval message for the first time; `undefined` if no channel takes it, which people are then told. */
export async function placeCard(deps: PlaceDeps, errand: Errand): Promise<Place | undefined> {
  const { effect, surface, parcel } = errand;
  const { state } = await readRequest(deps, effect);
  const { channel, alerts } = state.request.terms;
  const save = async (place: Place): Promise<Place> => {
    await saveApprovalMessage(deps.db, deps.clock, effect.requestId, { surface: surface.name, place });
    return place;
  };
  // An earlier attempt may have moved the message to the alerts channel; the request's own channel may work again by now.
  const moved = isHere(surface, alerts) ? await parcel.seek(alerts, "moved") : undefined;
  if (moved) return save(moved);
  try {
    return await save(await sendCard(deps, surface, effect, (compose) => parcel.announce(channel, compose)));
  } catch (error) {
    const { fault } = surface.judge(error);
    if (!fault) throw error;
    return moveCard(deps, errand, undefined, fault.words);
  }
}

/** Replaces an approval message that was deleted; the thread continues under the new one. */
export async function renewCard(
  deps: PlaceDeps,
  errand: Errand,
  lost: Place,
  words: string,
): Promise<Place | undefined> {
  const { effect, surface, parcel } = errand;
  const { state } = await readRequest(deps, effect);
  let place: Place;
  try {
    place = await sendCard(deps, surface, effect, (compose) => parcel.renew(lost, compose));
  } catch (error) {
    const { fault } = surface.judge(error);
    if (!fault) throw error;
    return moveCard(deps, errand, lost, fault.words);
  }
  const channel = surface.destinationOf(lost);
  await recordFailure(deps, effect, { channel, error: words, instead: surface.destinationOf(place) });
  await moveApprovalMessage(deps.db, deps.clock, effect.requestId, { surface: surface.name, place });
  const text = `The message about ${requestName(state.request)} was deleted; this one stands in for it.`;
  await explain(errand, place, text);
  return place;
}

/** Says under a new card why it stands there; in vain if that has been deleted meanwhile. */
async function explain({ surface, parcel }: Errand, place: Place, text: string): Promise<void> {
  try {
    await parcel.reply(place, () => plainMessage(text), "why");
  } catch (error) {
    if (surface.judge(error).fault?.kind !== "message") throw error;
  }
}

/**
 * Posts the approval message elsewhere when its channel takes no messages. If no channel is left, tells the requester
 * and the admins directly, once per request. `lost`: where the message was, if it had been posted.
 */
export async function moveCard(
  deps: PlaceDeps,
  errand: Errand,
  lost: Place | undefined,
  words: string,
): Promise<Place | undefined> {
  const { effect, surface, parcel } = errand;
  const { state } = await readRequest(deps, effect);
  const name = requestName(state.request);
  const { channel, alerts } = state.request.terms;
  const trouble = lost
    ? `${name} cannot go on in ${channel} (${words})`
    : `${name} could not be posted in ${channel} (${words})`;
  // Where it was never posted, it has just failed.
  const candidates = new Set([...(lost ? [channel] : []), ...(alerts === channel ? [] : [alerts])]);
  for (const candidate of candidates) {
    if (!isHere(surface, candidate)) continue;
    try {
      const place = await sendCard(deps, surface, effect, (compose) =>
        parcel.announce(candidate, compose, "moved"),
      );
      await recordFailure(deps, effect, { channel, error: words, instead: candidate });
      const at = { surface: surface.name, place };
      if (lost) await moveApprovalMessage(deps.db, deps.clock, effect.requestId, at);
      else await saveApprovalMessage(deps.db, deps.clock, effect.requestId, at);
      const verb = state.request.status === "pending" ? "is decided" : "goes on";
      await explain(errand, place, `${trouble}; it ${verb} here instead.`);
      // The requester was told to look in the original channel.
      const where = plainMessage(`${trouble}; it ${verb} in ${candidate} instead.`);
      await tryRequester(errand, state, where, "where");
      return place;
    } catch (error) {
      if (!surface.judge(error).fault) throw error;
    }
  }
  await sayNowhere(deps, errand, state, { channel, error: words, trouble });
  return undefined;
}

async function sayNowhere(
  deps: PlaceDeps,
  errand: Errand,
  state: State,
  { channel, error, trouble }: { readonly channel: string; readonly error: string; readonly trouble: string },
): Promise<void> {
  const { request } = state;
  const key = `message.nowhere ${request.id}`;
  if (await isRecorded(deps.db, key)) return;
  deps.log.error(
    { request: requestName(request), channel, why: error },
    "no channel takes a request's messages",
  );
  const text =
    request.status === "pending"
      ? `${trouble}, so nobody can approve it yet. Tell whoever keeps the policy; it is posted as soon as there is a channel for it.`
      : `${trouble}, so what happens to it is told to you alone. Tell whoever keeps the policy.`;
  await tryRequester(errand, state, plainMessage(text), "nowhere");
  const mend = `${trouble}, nor in ${request.terms.alerts}. Mend one of these channels, and it goes on there within two minutes. What is asked for from now on goes where the policy says by then.`;
  await tellAdmins(deps, errand, plainMessage(mend));
  await recordFailure(deps, errand.effect, { channel, error }, key);
}

/** Sends a direct message to Hallpass's admins, those of the first `maxAdmins` whom the surface knows. */
export async function tellAdmins(deps: PlaceDeps, errand: Errand, message: Message): Promise<void> {
  for (const email of (await deps.admins()).slice(0, maxAdmins)) {
    const account = await errand.surface.accountOf(email);
    if (account !== undefined) await tryDirect(errand, account, message, `admin ${account}`);
  }
}

const maxAdmins = 10;

/** Whether a destination is on this surface: what is sent here cannot go elsewhere. */
function isHere(surface: Surface, destination: string): boolean {
  return surfaceOf(destination) === surface.name;
}

/** Tells the requester on the surface the message is about, if that is where they are. */
async function tryRequester(
  errand: Errand,
  { request: { requester } }: State,
  message: Message,
  part: string,
): Promise<void> {
  const { account } = requester;
  if (account !== undefined && isHere(errand.surface, account))
    await tryDirect(errand, account, message, part);
}

async function tryDirect(
  { surface, parcel }: Errand,
  account: string,
  message: Message,
  part: string,
): Promise<void> {
  try {
    await parcel.direct(account, () => message, part);
  } catch (error) {
    // A person who cannot be messaged must not keep the others from getting theirs.
    if (!surface.judge(error).fault) throw error;
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
