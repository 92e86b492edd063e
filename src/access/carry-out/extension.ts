import type { Grant, Handover } from "../../domain/grant/grant.ts";
import { refusalText } from "../../domain/refusal.ts";
import { type AccessRequest, requestName } from "../../domain/request/request.ts";
import { later } from "../../domain/request/consequences.ts";
import type { ClaimedEffect } from "../../persistence/effects/effects.ts";
import { findLockdownOf } from "../../persistence/requests/lockdowns.ts";
import { readState, type Settlement } from "../../persistence/requests/requests.ts";
import type { ProviderState } from "../../providers/provider.ts";
import { apply } from "../apply.ts";
import {
  type CarryOutDeps,
  type Failure,
  failureOf,
  give,
  handOverAnew,
  type Outcome,
  reach,
  readBack,
  settled,
  waitForSlack,
  backoffSeconds,
} from "./carry-out.ts";
import type { IdentityDeps } from "../deps.ts";
import { offboard } from "../lockdown/offboard.ts";
import { accountStatusOf } from "../requests/read-facts.ts";

type ExtensionEffect = ClaimedEffect<"extend_access">;
type States = Readonly<Record<string, ProviderState>>;
type Moved = { readonly states: States; readonly handovers: Readonly<Record<string, Handover>> };

/** Attempts to tell a provider the new end before the extension fails. */
const maxAttempts = 5;

/**
 * Extends the access of another request: first in the providers, which may end it by themselves, then on record and in messages.
 * Happens once, because the effect is settled in the statement that records it.
 */
export async function carryOutExtension(
  deps: CarryOutDeps & IdentityDeps,
  effect: ExtensionEffect,
): Promise<Outcome> {
  const { request, extended } = await readBoth(deps, effect);
  // Only the claim's holder records this: the next holder tells the providers the same end again, and must not find it moved already.
  const settle = (): Settlement => ({ effect, onlyWhileHeld: true, done: true });
  const fail = async (why: string): Promise<Outcome> => {
    const told = await apply(deps, request.id, { type: "extension_failed", why }, settle);
    return told.applied ? settled : { outcome: "done", note: told.refusal };
  };
  /** A provider may have been told the new end all the same, perhaps after the access had ended. */
  const undo = async (): Promise<void> => {
    const { extended: today } = await readBoth(deps, effect);
    await endWhatCameBack(deps, effect, today.grants, {}, true);
    const because = requestName(request);
    for (const grant of today.grants)
      await handOverAnew(deps, grant, { because, since: effect.now, request: today });
  };
  const status = await accountStatusOf(deps, request.requester);
  if (status.is === "gone") {
    // Slack may not have sent an event. Offboarding ends this access with everything else they have.
    if (request.requester.account !== undefined) await offboard(deps, request.requester.account);
    return fail(status.why);
  }
  // If an earlier attempt may have reached a provider, don't wait for Slack: we must know what is there.
  if (status.is === "unknown" && !effect.isResumed) return waitForSlack(effect, status.why);
  const lockdown = await findLockdownOf(deps.db, effect.requestId);
  if (lockdown) {
    if (effect.isResumed) await undo();
    return fail(`${lockdown.value} is locked down: ${lockdown.reason}`);
  }
  const moved = await moveEnds(deps, extended, request.durationSeconds, effect.now);
  if ("failure" in moved) {
    const seconds = backoffSeconds(effect.attempts);
    if (moved.failure.retryable && effect.attempts < maxAttempts)
      return { outcome: "again", seconds, error: moved.failure.failure, untouched: false };
    await undo();
    return fail(`${moved.provider} could not be told the new end: ${moved.failure.failure}`);
  }
  const { states, handovers } = moved;
  const applied = await apply(
    deps,
    extended.requestId,
    { type: "extend", seconds: request.durationSeconds, by: requestName(request), states, handovers },
    settle,
  );
  if (applied.applied) return settled;
  await endWhatCameBack(deps, effect, applied.state.grants, states, effect.isResumed);
  return fail(refusalText[applied.refusal]);
}

type Extended = {
  readonly requestId: string;
  readonly planned: AccessRequest["planned"];
  readonly grants: readonly Grant[];
};

async function readBoth(
  deps: CarryOutDeps,
  effect: ExtensionEffect,
): Promise<{ readonly request: AccessRequest; readonly extended: Extended }> {
  const request = (await readState(deps.db, deps.clock, effect.requestId))?.state.request;
  if (!request?.terms.extends) throw new Error(`effect ${effect.id} extends nothing`);
  const { requestId } = request.terms.extends;
  const state = (await readState(deps.db, deps.clock, requestId))?.state;
  return {
    request,
    extended: { requestId, planned: state?.request.planned ?? [], grants: state?.grants ?? [] },
  };
}

/** Tells the providers of all live access its new end, by granting again, which is idempotent. */
async function moveEnds(
  deps: CarryOutDeps,
  extended: Extended,
  seconds: number,
  now: Date,
): Promise<Moved | { readonly provider: string; readonly failure: Failure }> {
  const states: Record<string, ProviderState> = {};
  const handovers: Record<string, Handover> = {};
  const { requestId } = extended;
  for (const grant of extended.grants) {
    const { id: grantId, provider: name, status, expiresAt } = grant;
    if (status !== "active" || !expiresAt || now >= expiresAt) continue;
    try {
      const provider = await reach(deps, grant);
      const until = later(expiresAt, seconds);
      const { state, handover } = await give(deps, provider, grant, { until, since: now, request: extended });
      states[grantId] = state;
      if (handover) handovers[grantId] = handover;
    } catch (error) {
      return { provider: name, failure: failureOf(deps, { requestId, grantId }, error) };
    }
  }
  return { states, handovers };
}

/**
 * Revokes access that had ended while its provider was told the new end, so that it may be there again. If it is not known whether
 * the provider was told, reads it back first.
 */
async function endWhatCameBack(
  deps: CarryOutDeps,
  effect: ExtensionEffect,
  grants: readonly Grant[],
  states: States,
  mayHaveLanded: boolean,
): Promise<void> {
  for (const grant of grants) {
    if (grant.status === "granting" || grant.status === "active" || !grant.askedAt) continue;
    const { id: grantId, requestId } = grant;
    const mayBeThere =
      grantId in states || (mayHaveLanded && (await readBack(deps, { requestId, grantId }, grant)) !== false);
    if (!mayBeThere) continue;
    await apply(deps, requestId, {
      type: "grant_succeeded",
      grantId,
      state: states[grantId] ?? grant.state ?? {},
      startedAt: grant.activeAt ?? effect.now,
    });
  }
}
