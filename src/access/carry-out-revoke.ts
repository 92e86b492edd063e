import { crashPoint } from "../crash-point.ts";
import type { Grant } from "../domain/grant.ts";
import { ProviderError } from "../providers/provider.ts";
import { apply } from "./apply.ts";
import {
  type CarryOutDeps,
  type Failure,
  failureOf,
  type GrantEffect,
  isResumed,
  type Outcome,
  settle,
  settled,
} from "./carry-out.ts";
import { leaveToKeeper } from "./leave-to-keeper.ts";

/** Revocations are tried for ever, never further apart than this. */
const maxBackoffSeconds = 300;

/** Takes the access away and reads back that it is gone; tried for ever until it is. */
export async function carryOutRevoke(deps: CarryOutDeps, effect: GrantEffect): Promise<Outcome> {
  const grant = await beginEnd(deps, effect);
  switch (grant.status) {
    case "active":
      // Woken early, by a clock that runs ahead or because the expiry moved: back to its time.
      return {
        outcome: "again",
        seconds: secondsLeft(grant, effect.now),
        ...(grant.expiresAt && { at: grant.expiresAt }),
        error: "not due yet",
        untouched: true,
      };
    case "granting":
      return { outcome: "again", seconds: 1, error: "the grant is not settled yet", untouched: true };
    case "revoked":
      return { outcome: "done", note: "already revoked" };
    case "revoking": {
      const kept = await leaveToKeeper(deps, effect, grant, isResumed(effect));
      if (kept) return kept;
      // It was theirs before, and stays.
      if (grant.isStanding === true)
        return settle(deps, effect, { type: "revoke_succeeded", grantId: grant.id });
      const failure = await takeAway(deps, effect, grant);
      // Another grant of the same may have come about before the access was taken away, and lost it with this one.
      const keptAfterAll = await leaveToKeeper(deps, effect, grant, true);
      if (keptAfterAll) return keptAfterAll;
      return failure
        ? fail(deps, effect, grant, failure)
        : settle(deps, effect, { type: "revoke_succeeded", grantId: grant.id });
    }
  }
}

/** Ends the access if it is active and its time is over; the grant as it is then. */
async function beginEnd(deps: CarryOutDeps, effect: GrantEffect): Promise<Grant> {
  const { state } = await apply(deps, effect.requestId, {
    type: "revoke",
    grantId: effect.grantId,
    reason: "expired",
  });
  const grant = state.grants.find(({ id }) => id === effect.grantId);
  if (!grant) throw new Error(`effect ${effect.id} names a grant that does not exist: ${effect.grantId}`);
  return grant;
}

async function takeAway(deps: CarryOutDeps, effect: GrantEffect, grant: Grant): Promise<Failure | undefined> {
  try {
    const provider = deps.providers.get(grant.provider);
    if (!provider) {
      throw new ProviderError(
        `the provider ${grant.provider} is not configured any more; put it back so that this access can be ended`,
        { retryable: true },
      );
    }
    const target = provider.targetSchema.parse(grant.target);
    await provider.revoke(grant.subject, target, grant.state);
    crashPoint("between revoke and read-back");
    if (!(await provider.holds(grant.subject, target, grant.state))) return undefined;
    throw new ProviderError("the provider accepted the revocation but still shows the access", {
      retryable: true,
    });
  } catch (error) {
    return failureOf(deps, effect, error);
  }
}

async function fail(
  deps: CarryOutDeps,
  effect: GrantEffect,
  grant: Grant,
  { failure, retryable }: Failure,
): Promise<Outcome> {
  const milliseconds = backoffSeconds(grant.revokeAttempts + 1) * 1000;
  const retryAt = (now: Date): Date => new Date(now.getTime() + milliseconds);
  const applied = await apply(
    deps,
    effect.requestId,
    { type: "revoke_failed", grantId: grant.id, error: failure, retryable },
    (now) => ({ effect, done: false, retryAt: retryAt(now), error: failure }),
  );
  if (!applied.applied) return { outcome: "done", note: applied.refusal };
  deps.wake([{ id: effect.id, queue: "revocations", dueAt: retryAt(applied.now) }], applied.now);
  return settled;
}

/** 1 s, 2 s, 4 s ... capped, with a fifth of jitter so that a provider coming back is not met by all at once. */
function backoffSeconds(attempt: number): number {
  const jitter = 0.8 + Math.random() * 0.4;
  return Math.min(maxBackoffSeconds, 2 ** Math.min(attempt - 1, 12)) * jitter;
}

function secondsLeft(grant: Grant, now: Date): number {
  return Math.max(0.05, ((grant.expiresAt ?? now).getTime() - now.getTime()) / 1000);
}
