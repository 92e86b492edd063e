import { crashPoint } from "../../crash-point.ts";
import type { Grant } from "../../domain/grant/grant.ts";
import { type Ended, ProviderError } from "../../providers/provider.ts";
import { apply } from "../apply.ts";
import {
  type CarryOutDeps,
  type Failure,
  failureOf,
  type GrantEffect,
  type Outcome,
  reach,
  settle,
  settled,
  backoffSeconds,
} from "./carry-out.ts";
import { leaveToOverlapping } from "./leave-to-overlapping.ts";

/** Maximum backoff; revocations are retried for ever. */
const maxBackoffSeconds = 300;
/** Maximum backoff while the provider says that the revocation is pending. */
const maxPendingSeconds = 10;

/** Revokes the access and reads back that it is gone; retried for ever until it is. */
export async function carryOutRevoke(deps: CarryOutDeps, effect: GrantEffect): Promise<Outcome> {
  const grant = await beginEnd(deps, effect);
  switch (grant.status) {
    case "active":
      // Woken early, because a clock runs ahead or the expiry moved: postpone to the expiry.
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
      const { id: grantId } = grant;
      // Never asked for, so this grant gave nothing; leave whatever is there.
      if (!grant.askedAt) return settle(deps, effect, { type: "revoke_succeeded", grantId });
      const kept = await leaveToOverlapping(deps, effect, grant, effect.isResumed);
      if (kept) return kept;
      // Grants from before ids were recorded do not say what they added to existing access, so it stays.
      if (grant.isStanding === true && !grant.ids)
        return settle(deps, effect, { type: "revoke_succeeded", grantId, isStanding: true });
      const taken = await takeAway(deps, effect, grant);
      // Another grant of the same access may have come about before we revoked, and lost its access with this one.
      const keptAfterAll = await leaveToOverlapping(deps, effect, grant, true);
      if (keptAfterAll) return keptAfterAll;
      return "failure" in taken
        ? fail(deps, effect, grant, taken)
        : settle(deps, effect, { type: "revoke_succeeded", grantId, ...taken });
    }
  }
}

/** Begins the end if the grant is active and its time is over; returns the grant as it is then. */
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

/** Why they still have the same access, if they do: from others, or because they held it before. */
type Left = { readonly others: readonly string[]; readonly isStanding: boolean; readonly outlives?: string };

async function takeAway(deps: CarryOutDeps, effect: GrantEffect, grant: Grant): Promise<Left | Failure> {
  const { subject, target, state = {} } = grant;
  try {
    const provider = await reach(deps, grant);
    const { keptBy, outlives }: Ended = await provider.revoke(subject, target, state);
    crashPoint("between revoke and read-back");
    const isHeld = await provider.holds(subject, target, state);
    if (isHeld && keptBy.length === 0 && grant.isStanding !== true)
      throw new ProviderError("the provider accepted the revocation but still shows the access", {
        retryable: true,
      });
    return {
      others: keptBy,
      isStanding: isHeld && grant.isStanding === true,
      ...(outlives !== undefined && { outlives }),
    };
  } catch (error) {
    return failureOf(deps, effect, error);
  }
}

async function fail(
  deps: CarryOutDeps,
  effect: GrantEffect,
  grant: Grant,
  { failure, retryable, retryAfterSeconds = 0, isPending }: Failure,
): Promise<Outcome> {
  const { settlesSeconds = 0 } = deps.providers.get(grant.provider) ?? {};
  const waited = (effect.now.getTime() - effect.startedAt.getTime()) / 1000;
  if (isPending === true && waited < settlesSeconds) {
    const pause = Math.max(retryAfterSeconds, backoffSeconds(effect.attempts, maxPendingSeconds));
    const seconds = Math.min(pause, maxBackoffSeconds);
    return { outcome: "again", seconds, error: failure, untouched: false };
  }
  const seconds = Math.max(
    jittered(backoffSeconds(grant.revokeAttempts + 1, maxBackoffSeconds)),
    Math.min(retryAfterSeconds, maxBackoffSeconds),
  );
  const milliseconds = seconds * 1000;
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

/** Up to a fifth less, so that not all retries hit a recovering provider at once. */
function jittered(seconds: number): number {
  return seconds * (1 - Math.random() * 0.2);
}

function secondsLeft(grant: Grant, now: Date): number {
  return Math.max(0.05, ((grant.expiresAt ?? now).getTime() - now.getTime()) / 1000);
}
