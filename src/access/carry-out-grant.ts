import type { Grant } from "../domain/grant.ts";
import { findLockdownOf } from "../persistence/lockdowns.ts";
import { findNamesake, mayBeOurs } from "../persistence/grants.ts";
import { type Provider, ProviderError, type ProviderState } from "../providers/provider.ts";
import {
  type CarryOutDeps,
  type Failure,
  failureOf,
  type GrantEffect,
  type Outcome,
  readGrant,
  settle,
} from "./carry-out.ts";

/** How often a provider that cannot be reached is asked before the grant counts as failed: some 15 s in all. */
const maxAttempts = 5;

/** Asks the provider for the access and reads it back; "active" is recorded only after the provider confirmed it. */
export async function carryOutGrant(deps: CarryOutDeps, effect: GrantEffect): Promise<Outcome> {
  const grant = await readGrant(deps, effect);
  if (grant.status !== "granting") return { outcome: "done", note: `the grant was ${grant.status}` };
  const { startedAt } = effect;
  const until = new Date(startedAt.getTime() + grant.durationSeconds * 1000);
  const fail = (error: string, isStanding = false): Promise<Outcome> =>
    settle(deps, effect, { type: "grant_failed", grantId: grant.id, error, isStanding });
  if (effect.now >= until) return fail("the time was over before the provider had confirmed the access");
  if (grant.subject === "")
    return fail(`no name is known for this person in ${grant.provider}; add one to \`people\``);
  const lockdown = await findLockdownOf(deps.db, effect.requestId);
  if (lockdown) return fail(`${lockdown.value} is locked down: ${lockdown.reason}`);
  const namesake = await findNamesake(deps.db, grant);
  if (namesake !== undefined)
    return fail(
      `${grant.provider} knows ${namesake} by the name ${grant.subject} too; tell them apart under \`people\``,
    );
  const provider = deps.providers.get(grant.provider);
  if (!provider) return fail(`the provider ${grant.provider} is not configured any more`);

  const isStanding = await isHeldAlready(deps, effect, provider, grant);
  const answer = await ask(deps, effect, provider, grant, until);
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
  const untouched = await isKnownAbsent(provider, grant);
  return { outcome: "again", seconds: 2 ** (effect.attempts - 1), error: answer.failure, untouched };
}

/**
 * Whether the person holds it before anything was granted, and not by a grant of ours. Looked at in the first attempt
 * only: later, an earlier one may be why. What cannot be found out counts as no, for what is ours has to end.
 */
async function isHeldAlready(
  deps: CarryOutDeps,
  effect: GrantEffect,
  provider: Provider,
  grant: Grant,
): Promise<boolean> {
  if (effect.attempts > 1 || (await mayBeOurs(deps.db, grant))) return false;
  try {
    return await provider.holds(grant.subject, provider.targetSchema.parse(grant.target), undefined);
  } catch {
    // The grant itself is asked next, and says what is wrong.
    return false;
  }
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
    if (await provider.holds(grant.subject, target, state)) return { state };
    throw new ProviderError("the provider accepted the grant but does not show it", { retryable: true });
  } catch (error) {
    return failureOf(deps, effect, error);
  }
}

async function isKnownAbsent(provider: Provider, grant: Grant): Promise<boolean> {
  try {
    return !(await provider.holds(grant.subject, provider.targetSchema.parse(grant.target), grant.state));
  } catch {
    // It could not be asked, so nothing is known: the clock keeps running from the first attempt.
    return false;
  }
}
