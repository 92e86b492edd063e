import { crashPoint } from "../crash-point.ts";
import type { Grant } from "../domain/grant.ts";
import { isBeingRemoved } from "../persistence/drift-findings.ts";
import { findNamesake, findSibling, type Sibling } from "../persistence/grants.ts";
import { findLockdownOf } from "../persistence/lockdowns.ts";
import type { LiveProvider } from "../providers/open.ts";
import { type Prepared, ProviderError, type ProviderState } from "../providers/provider.ts";
import { apply } from "./apply.ts";
import {
  type CarryOutDeps,
  type Failure,
  failureOf,
  give,
  type GrantEffect,
  type Outcome,
  reach,
  readBack,
  readGrant,
  settle,
  waitForSlack,
} from "./carry-out.ts";
import type { IdentityDeps } from "./deps.ts";
import { offboard } from "./offboard.ts";
import { standingOf } from "./read-facts.ts";

/** So often at least a provider is asked before the grant counts as failed, however long each answer takes. */
const fewestAttempts = 5;
const maxPauseSeconds = 30;
/** A provider that wants to be left alone for longer than this, and than it takes to settle, has failed. */
const longestWaitSeconds = 60;
/** While it is not known whether the access exists, the provider is asked at least this often. */
const maxBackoffSeconds = 10;

/** Asks the provider for the access and reads it back; "active" is recorded only after the provider confirmed it. */
export async function carryOutGrant(
  deps: CarryOutDeps & IdentityDeps,
  effect: GrantEffect,
): Promise<Outcome> {
  const { grant, request } = await readGrant(deps, effect);
  const { requester } = request;
  if (grant.status !== "granting") return { outcome: "done", note: `the grant was ${grant.status}` };
  const fail = (error: string): Promise<Outcome> =>
    settle(deps, effect, { type: "grant_failed", grantId: grant.id, error });
  if (grant.subject === "")
    return fail(`no name is known for this person in ${grant.provider}; add one to \`people\``);
  const stands = await standingOf(deps, requester);
  if (stands.is === "gone" && requester.slackId !== undefined) {
    // Slack may have told nobody. Their grant ends with whatever else they have, before it was asked for.
    await offboard(deps, requester.slackId);
    return { outcome: "done", note: stands.why };
  }
  const wasAsked = grant.askedAt !== undefined;
  // Where a provider was asked already, it is no use to wait: what is there has to be known of.
  if (stands.is === "unknown" && !wasAsked) return waitForSlack(effect, stands.why);
  const lockdown = await findLockdownOf(deps.db, effect.requestId);
  if (lockdown) return fail(`${lockdown.value} is locked down: ${lockdown.reason}`);
  if (await isBeingRemoved(deps.db, grant)) {
    const error = "the same access, given by nobody here, is being taken away just now";
    return { outcome: "again", seconds: 1, error, untouched: !wasAsked };
  }

  const next = grant.askedAt
    ? await resume(deps, effect, grant, grant.askedAt)
    : await begin(deps, effect, grant);
  switch (next.is) {
    case "over":
      return next.outcome;
    case "refused":
      return fail(next.why);
    case "failed":
      return tryAgain(deps, effect, grant, next.failure);
    case "asked": {
      const { askedAt } = next;
      const until = new Date(askedAt.getTime() + grant.durationSeconds * 1000);
      if (effect.now >= until) return fail("the time was over before the provider had confirmed the access");
      if (next.unreadable && isUnheardOf(effect, grant))
        return waitUntilReadable(deps, effect, next.unreadable);
      const answer =
        next.unreadable ?? (await ask(deps, effect, next.grant, { until, since: askedAt, request }));
      if (!("state" in answer)) return tryAgain(deps, effect, grant, answer);
      return settle(
        deps,
        effect,
        { type: "grant_succeeded", grantId: grant.id, startedAt: askedAt, ...answer },
        // Whoever has it after us was handed something in its place.
        answer.handover ? { onlyWhileHeld: true } : {},
      );
    }
  }
}

/** The ask is on record. `unreadable`: one of before is, and what came of it cannot be read. */
type Asked = {
  readonly is: "asked";
  readonly askedAt: Date;
  readonly grant: Grant;
  readonly unreadable?: Failure;
};
type Next =
  | Asked
  /** The provider could not be asked so far. */
  | { readonly is: "failed"; readonly failure: Failure }
  | { readonly is: "refused"; readonly why: string }
  | { readonly is: "over"; readonly outcome: Outcome };

/** Finds out who and what this is about and what is there already, and has the ask on record. Nothing is changed by that. */
async function begin(
  deps: CarryOutDeps,
  effect: GrantEffect,
  grant: Grant,
  isSecondLook = false,
): Promise<Next> {
  let prepared: Prepared & { readonly system: string };
  try {
    prepared = await prepare(configured(deps, grant), grant);
  } catch (error) {
    return { is: "failed", failure: failureOf(deps, effect, error) };
  }
  const { system, subjectId, targetId } = prepared;
  const ids = { system, subjectId, targetId };
  const refusedFor = (namesake: string): Next => {
    const why = `${grant.provider} knows ${namesake} by the name ${grant.subject} too; tell them apart under \`people\``;
    return { is: "refused", why };
  };
  const namesake = await findNamesake(deps.db, { ...grant, ids });
  if (namesake !== undefined) return refusedFor(namesake);
  // Where nothing is there, it does not matter who gave what: what is there from now on is ours.
  const sibling = prepared.isHeld ? await findSibling(deps.db, { ...grant, ids }) : undefined;
  // It may have been another's, which has ended since it was seen: what is theirs is there now, too.
  if (prepared.isHeld && !sibling && !isSecondLook) return begin(deps, effect, grant, true);
  const next = await noteAsked(deps, effect, grant, {
    ids,
    state: inherited(sibling, prepared),
    isStanding: sibling ? sibling.isStanding : prepared.isHeld,
  });
  if (next.is !== "asked") return next;
  // Two who begin at the same moment are on record by now, each for the other to see: the first goes on.
  const first = await findNamesake(deps.db, { ...grant, ids }, next.askedAt);
  return first === undefined ? next : refusedFor(first);
}

/** What another grant of the same has added is what this one adds too: what it was asked for is not there by a right of theirs. */
function inherited(sibling: Sibling | undefined, { state }: Prepared): ProviderState {
  if (sibling?.state && sibling.hasIds) return sibling.state;
  return sibling && !sibling.isStanding ? {} : state;
}

/**
 * An earlier attempt may have granted it, so the provider is read: what is there was given then, and its clock has run since; what
 * is not there is asked for anew, and its clock runs from now on. (It is asked for in both cases: only the provider can say what
 * revoking will need.)
 */
async function resume(deps: CarryOutDeps, effect: GrantEffect, grant: Grant, askedAt: Date): Promise<Next> {
  const held = await readBack(deps, effect, grant);
  if (held === true) return { is: "asked", askedAt, grant };
  if (held !== false) return { is: "asked", askedAt, grant, unreadable: held };
  const { ids, state = {} } = grant;
  try {
    // What was theirs has gone; once this was asked for, what is there from now on is by nobody's right but this grant's.
    if (ids && grant.isStanding !== true)
      return await noteAsked(deps, effect, grant, { ids, state, isStanding: false });
    const prepared = await prepare(ids ? await reach(deps, grant) : configured(deps, grant), grant);
    const { system, subjectId, targetId } = prepared;
    const asked = { ids: { system, subjectId, targetId }, state: prepared.state, isStanding: false };
    return await noteAsked(deps, effect, grant, asked);
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    return { is: "failed", failure: failureOf(deps, effect, error) };
  }
}

function configured({ providers }: CarryOutDeps, { provider }: Grant): LiveProvider {
  const found = providers.get(provider);
  if (found) return found;
  throw new ProviderError(`the provider ${provider} is not configured any more`, { retryable: false });
}

async function prepare(
  provider: LiveProvider,
  { subject, target }: Grant,
): Promise<Prepared & { readonly system: string }> {
  const system = await provider.identity();
  return { system, ...(await provider.prepare(subject, target)) };
}

/** What was told to end meanwhile is not asked for. */
async function noteAsked(
  deps: CarryOutDeps,
  effect: GrantEffect,
  grant: Grant,
  asked: {
    readonly ids: NonNullable<Grant["ids"]>;
    readonly state: ProviderState;
    readonly isStanding: boolean;
  },
): Promise<Next> {
  const noted = await apply(deps, effect.requestId, { type: "note_asked", grantId: grant.id, ...asked });
  if (!noted.applied) return { is: "over", outcome: { outcome: "done", note: noted.refusal } };
  const { ids, state } = asked;
  return { is: "asked", askedAt: noted.now, grant: { ...grant, ids, state } };
}

type Given = Awaited<ReturnType<typeof give>> & { readonly use?: string };

async function ask(
  deps: CarryOutDeps,
  effect: GrantEffect,
  grant: Grant,
  terms: Parameters<typeof give>[3],
): Promise<Given | Failure> {
  const { subject, target } = grant;
  try {
    const provider = await reach(deps, grant);
    const given = await give(deps, provider, grant, terms);
    const { state } = given;
    crashPoint("between grant and read-back");
    if (await provider.holds(subject, target, state)) {
      const use = provider.howToUse?.(subject, target, state);
      return { ...given, ...(use !== undefined && { use }) };
    }
    throw new ProviderError("the provider accepted the grant but does not show it", { retryable: true });
  } catch (error) {
    return failureOf(deps, effect, error);
  }
}

/** Tries for as long as the provider says it may take, and not less than a few times. */
async function tryAgain(
  deps: CarryOutDeps,
  effect: GrantEffect,
  { id: grantId, provider: name }: Grant,
  { failure: error, retryable, retryAfterSeconds, isPending = false }: Failure,
): Promise<Outcome> {
  const settlesSeconds = deps.providers.get(name)?.settlesSeconds ?? 0;
  const waited = (effect.now.getTime() - effect.startedAt.getTime()) / 1000;
  const seconds = retryAfterSeconds ?? Math.min(maxPauseSeconds, 2 ** (effect.attempts - 1));
  const isInTime = waited + seconds <= settlesSeconds;
  const isWorthIt = effect.attempts < fewestAttempts && seconds <= longestWaitSeconds;
  if (!retryable || !(isInTime || isWorthIt))
    return settle(deps, effect, { type: "grant_failed", grantId, error });
  if (isPending) await apply(deps, effect.requestId, { type: "grant_unsettled", grantId, error, isPending });
  // Once it was asked for, that it is not there proves nothing: it may come yet.
  return { outcome: "again", seconds, error, untouched: false };
}

/** Whether an attempt was made of which nothing is known, as its maker died. */
function isUnheardOf({ lastError }: GrantEffect, grant: Grant): boolean {
  return lastError === null || grant.lastError !== undefined;
}

/** Nothing is guessed: neither that the access exists, nor that it does not. People are told once. */
async function waitUntilReadable(
  deps: CarryOutDeps,
  effect: GrantEffect,
  { failure: error }: Failure,
): Promise<Outcome> {
  await apply(deps, effect.requestId, { type: "grant_unsettled", grantId: effect.grantId, error });
  const seconds = Math.min(maxBackoffSeconds, 2 ** (effect.attempts - 1));
  return { outcome: "again", seconds, error, untouched: false };
}
