import { crashPoint } from "../../crash-point.ts";
import type { Grant } from "../../domain/grant/grant.ts";
import { isBeingRemoved } from "../../persistence/drift/findings.ts";
import { findNamesake, findSibling, type Sibling } from "../../persistence/requests/grants.ts";
import { findLockdownOf } from "../../persistence/requests/lockdowns.ts";
import type { LiveProvider } from "../../providers/open.ts";
import { type Prepared, ProviderError, type ProviderState } from "../../providers/provider.ts";
import { apply } from "../apply.ts";
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
  backoffSeconds,
} from "./carry-out.ts";
import type { IdentityDeps } from "../deps.ts";
import { offboard } from "../lockdown/offboard.ts";
import { accountStatusOf } from "../requests/read-facts.ts";
import { later } from "../../domain/request/consequences.ts";

/** Minimum number of attempts before a grant fails, even if they are slow. */
const fewestAttempts = 5;
const maxPauseSeconds = 30;
/** A retry-after longer than this, and longer than the settling time, counts as a failure. */
const longestWaitSeconds = 60;
/** Maximum backoff while it is not known whether the access exists. */
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
  const status = await accountStatusOf(deps, requester);
  if (status.is === "gone" && requester.account !== undefined) {
    // Slack may not have sent an event. Offboarding ends this grant with everything else they have, before it is asked for.
    await offboard(deps, requester.account);
    return { outcome: "done", note: status.why };
  }
  const wasAsked = grant.askedAt !== undefined;
  // If the provider was already asked, don't wait for Slack: we must know what is there.
  if (status.is === "unknown" && !wasAsked) return waitForSlack(effect, status.why);
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
      const until = later(askedAt, grant.durationSeconds);
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
        // If the claim was lost, its next holder was handed something in place of this handover.
        answer.handover ? { onlyWhileHeld: true } : {},
      );
    }
  }
}

/** The ask is on record. `unreadable`: an earlier ask is on record, and its result cannot be read back. */
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

/** Resolves the ids, looks at what is held already, and records the ask. Changes nothing at the provider. */
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
  // If the person does not hold it now, who gave what does not matter: whatever they hold from here on comes from this grant.
  const sibling = prepared.isHeld ? await findSibling(deps.db, { ...grant, ids }) : undefined;
  // What we saw may have belonged to a grant that has ended since. Look again: access of their own would still be there.
  if (prepared.isHeld && !sibling && !isSecondLook) return begin(deps, effect, grant, true);
  const next = await noteAsked(deps, effect, grant, {
    ids,
    state: inherited(sibling, prepared),
    isStanding: sibling ? sibling.isStanding : prepared.isHeld,
  });
  if (next.is !== "asked") return next;
  // If two people begin at the same moment, both are on record now and each sees the other: the first goes on.
  const first = await findNamesake(deps.db, { ...grant, ids }, next.askedAt);
  return first === undefined ? next : refusedFor(first);
}

/** Another grant of the same access shares its state with this one: what it added is not the person's own. */
function inherited(sibling: Sibling | undefined, { state }: Prepared): ProviderState {
  if (sibling?.state && sibling.hasIds) return sibling.state;
  return sibling && !sibling.isStanding ? {} : state;
}

/**
 * An earlier attempt may have granted it, so the provider is read. What is there was granted then, and its duration has run since;
 * what is not there is asked for again, and its duration runs from now. (It is asked for in both cases: only the provider can say
 * what revoking will need.)
 */
async function resume(deps: CarryOutDeps, effect: GrantEffect, grant: Grant, askedAt: Date): Promise<Next> {
  const held = await readBack(deps, effect, grant);
  if (held === true) return { is: "asked", askedAt, grant };
  if (held !== false) return { is: "asked", askedAt, grant, unreadable: held };
  const { ids, state = {} } = grant;
  try {
    // It was asked for, and what they held themselves is gone, so whatever is there from now on comes from this grant.
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

/** Records the ask, unless the grant was told to end meanwhile. */
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

/** Retries for as long as the provider may take to settle, and at least a few times. */
async function tryAgain(
  deps: CarryOutDeps,
  effect: GrantEffect,
  { id: grantId, provider: name }: Grant,
  { failure: error, retryable, retryAfterSeconds, isPending = false }: Failure,
): Promise<Outcome> {
  const settlesSeconds = deps.providers.get(name)?.settlesSeconds ?? 0;
  const waited = (effect.now.getTime() - effect.startedAt.getTime()) / 1000;
  const seconds = retryAfterSeconds ?? backoffSeconds(effect.attempts, maxPauseSeconds);
  const isInTime = waited + seconds <= settlesSeconds;
  const isWorthIt = effect.attempts < fewestAttempts && seconds <= longestWaitSeconds;
  if (!retryable || !(isInTime || isWorthIt))
    return settle(deps, effect, { type: "grant_failed", grantId, error });
  if (isPending) await apply(deps, effect.requestId, { type: "grant_unsettled", grantId, error, isPending });
  // Once it was asked for, absence proves nothing: the access may still appear.
  return { outcome: "again", seconds, error, untouched: false };
}

/** Whether an earlier attempt died without leaving a result. */
function isUnheardOf({ lastError }: GrantEffect, grant: Grant): boolean {
  return lastError === null || grant.lastError !== undefined;
}

/** Waits without guessing whether the access exists. People are told once. */
async function waitUntilReadable(
  deps: CarryOutDeps,
  effect: GrantEffect,
  { failure: error }: Failure,
): Promise<Outcome> {
  await apply(deps, effect.requestId, { type: "grant_unsettled", grantId: effect.grantId, error });
  const seconds = backoffSeconds(effect.attempts, maxBackoffSeconds);
  return { outcome: "again", seconds, error, untouched: false };
}
