import { crashPoint } from "../crash-point.ts";
import type { Grant } from "../domain/grant.ts";
import { isBeingRemoved } from "../persistence/drift-findings.ts";
import { startAnew } from "../persistence/effects.ts";
import { findNamesake, whoseIsIt } from "../persistence/grants.ts";
import { findLockdownOf } from "../persistence/lockdowns.ts";
import { type Provider, ProviderError, type ProviderState } from "../providers/provider.ts";
import { apply } from "./apply.ts";
import {
  type CarryOutDeps,
  type Failure,
  failureOf,
  type GrantEffect,
  isResumed,
  type Outcome,
  readBack,
  readGrant,
  settle,
  waitForSlack,
} from "./carry-out.ts";
import type { IdentityDeps } from "./deps.ts";
import { offboard } from "./offboard.ts";
import { standingOf } from "./read-facts.ts";

/** How often a provider that cannot be reached is asked before the grant counts as failed: some 15 s in all. */
const maxAttempts = 5;
/** While it is not known whether the access exists, the provider is asked at least this often. */
const maxBackoffSeconds = 10;

/** Asks the provider for the access and reads it back; "active" is recorded only after the provider confirmed it. */
export async function carryOutGrant(
  deps: CarryOutDeps & IdentityDeps,
  effect: GrantEffect,
): Promise<Outcome> {
  const { grant, requester } = await readGrant(deps, effect);
  if (grant.status !== "granting") return { outcome: "done", note: `the grant was ${grant.status}` };
  const fail = (error: string, isStanding = grant.isStanding): Promise<Outcome> =>
    settle(deps, effect, {
      type: "grant_failed",
      grantId: grant.id,
      error,
      ...(isStanding === true && { isStanding }),
    });
  if (grant.subject === "")
    return fail(`no name is known for this person in ${grant.provider}; add one to \`people\``);
  const stands = await standingOf(deps, requester);
  if (stands.is === "gone" && requester.slackId !== undefined) {
    // Slack may have told nobody. Their grant ends with whatever else they have, before it was asked for.
    await offboard(deps, requester.slackId);
    return { outcome: "done", note: stands.why };
  }
  // Where a provider was asked already, it is no use to wait: what is there has to be known of.
  if (stands.is === "unknown" && !isResumed(effect)) return waitForSlack(effect, stands.why);
  const lockdown = await findLockdownOf(deps.db, effect.requestId);
  if (lockdown) return fail(`${lockdown.value} is locked down: ${lockdown.reason}`);
  const namesake = await findNamesake(deps.db, grant);
  if (namesake !== undefined)
    return fail(
      `${grant.provider} knows ${namesake} by the name ${grant.subject} too; tell them apart under \`people\``,
    );
  const provider = deps.providers.get(grant.provider);
  if (!provider) return fail(`the provider ${grant.provider} is not configured any more`);

  if (await isBeingRemoved(deps.db, grant)) {
    const error = "the same access, given by nobody here, is being taken away just now";
    return { outcome: "again", seconds: 1, error, untouched: !isResumed(effect) };
  }

  const begun = await begin(deps, effect, provider, grant);
  const startedAt = "unreadable" in begun ? effect.startedAt : begun.startedAt;
  const until = new Date(startedAt.getTime() + grant.durationSeconds * 1000);
  if (effect.now >= until) return fail("the time was over before the provider had confirmed the access");
  if ("unreadable" in begun && isUnheardOf(effect, grant))
    return waitUntilReadable(deps, effect, begun.unreadable);

  const isStanding = "unreadable" in begun ? grant.isStanding === true : begun.isStanding;
  const answer = "unreadable" in begun ? begun.unreadable : await ask(deps, effect, provider, grant, until);
  if ("state" in answer) {
    return settle(deps, effect, {
      type: "grant_succeeded",
      grantId: grant.id,
      state: answer.state,
      startedAt,
      isStanding,
    });
  }
  if (!answer.retryable || effect.attempts >= maxAttempts) return fail(answer.failure, isStanding);
  // Once it was asked for, that it is not there proves nothing: it may come yet.
  const seconds = 2 ** (effect.attempts - 1);
  return { outcome: "again", seconds, error: answer.failure, untouched: false };
}

type Begun = { readonly startedAt: Date; readonly isStanding: boolean } | { readonly unreadable: Failure };

/**
 * When the clock of this grant starts, and whether the person holds it by a right of their own. Where an earlier attempt may
 * have granted it, the provider is read: what is there was given then, and its clock has run since; what is not there is
 * given from now on. (It is asked for in both cases: only the provider can say what revoking will need.)
 */
async function begin(
  deps: CarryOutDeps,
  effect: GrantEffect,
  provider: Provider,
  grant: Grant,
): Promise<Begun> {
  if (!isResumed(effect))
    return { startedAt: effect.startedAt, isStanding: await isHeldAlready(deps, effect, provider, grant) };
  const held = await readBack(deps, effect, provider, grant);
  if (typeof held !== "boolean") return { unreadable: held };
  if (held) return { startedAt: effect.startedAt, isStanding: grant.isStanding === true };
  await startAnew(deps.db, effect);
  return { startedAt: effect.now, isStanding: false };
}

/**
 * Whether the person holds it before anything was granted, and not by a grant of ours. Remembered before the provider is
 * asked: later, that may be why. What cannot be found out counts as no, for what is ours has to end.
 */
async function isHeldAlready(
  deps: CarryOutDeps,
  effect: GrantEffect,
  provider: Provider,
  grant: Grant,
): Promise<boolean> {
  if ((await whoseIsIt(deps.db, grant)) === "ours") return false;
  // The grant itself is asked next, and says what is wrong where this cannot be read.
  if ((await readBack(deps, effect, provider, grant)) !== true) return false;
  const noted = await apply(deps, effect.requestId, { type: "note_standing", grantId: grant.id });
  return noted.applied;
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

async function ask(
  deps: CarryOutDeps,
  effect: GrantEffect,
  provider: Provider,
  grant: Grant,
  until: Date,
): Promise<{ readonly state: ProviderState } | Failure> {
  try {
    const target = provider.targetSchema.parse(grant.target);
    const state = await provider.grant(grant.subject, target, until);
    crashPoint("between grant and read-back");
    if (await provider.holds(grant.subject, target, state)) return { state };
    throw new ProviderError("the provider accepted the grant but does not show it", { retryable: true });
  } catch (error) {
    return failureOf(deps, effect, error);
  }
}
