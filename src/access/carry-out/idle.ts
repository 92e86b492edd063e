import type { Grant } from "../../domain/grant/grant.ts";
import { idleLookSeconds } from "../../domain/grant/transitions.ts";
import { later } from "../../domain/request/consequences.ts";
import { readState } from "../../persistence/requests/requests.ts";
import { apply } from "../apply.ts";
import { type CarryOutDeps, failureOf, type GrantEffect, type Outcome, reach, settle } from "./carry-out.ts";

/** Ends access that nobody has used for as long as its rule says; looks again while it is used. */
export async function carryOutIdleCheck(deps: CarryOutDeps, effect: GrantEffect): Promise<Outcome> {
  const read = await readState(deps.db, deps.clock, effect.requestId);
  const grant = read?.state.grants.find(({ id }) => id === effect.grantId);
  const idleSeconds = read?.state.request.terms.revokeOnIdleSeconds;
  if (!read || !grant || idleSeconds === undefined) throw new Error(`effect ${effect.id} checks nothing`);
  if (grant.status !== "active") return { outcome: "done", note: `the grant was ${grant.status}` };
  const again = (seconds: number, why: string): Outcome => ({
    outcome: "again",
    seconds,
    error: why,
    untouched: true,
  });
  const seen = await lastUseOf(deps, effect, grant);
  // A provider that cannot be asked about use could not revoke either; the access ends at its expiry.
  if ("failure" in seen) return again(idleLookSeconds(idleSeconds), seen.failure);

  // Convert by age: an age is the same by every clock, a point in time is not.
  const seenAt = seen.used && new Date(read.now.getTime() - Math.max(0, Date.now() - seen.used.getTime()));
  const used = latest([grant.activeAt, grant.lastUsedAt, seenAt]) ?? read.now;
  const idleSince = later(used, idleSeconds);
  if (read.now >= idleSince)
    return settle(deps, effect, { type: "revoke", grantId: grant.id, reason: "idle" });
  if (seenAt && seenAt > (grant.lastUsedAt ?? new Date(0)))
    await apply(deps, effect.requestId, { type: "note_use", grantId: grant.id, at: seenAt });
  const seconds = (idleSince.getTime() - read.now.getTime()) / 1000;
  return again(Math.max(0.05, Math.min(seconds, idleLookSeconds(idleSeconds))), "in use");
}

async function lastUseOf(
  deps: CarryOutDeps,
  effect: GrantEffect,
  grant: Grant,
): Promise<{ readonly used: Date | undefined } | { readonly failure: string }> {
  try {
    const provider = await reach(deps, grant);
    // If use cannot be seen, nobody counts as idle.
    if (!provider.lastUsed) return { failure: `${grant.provider} shows nobody's use` };
    return { used: await provider.lastUsed(grant.subject, grant.target, grant.state ?? {}) };
  } catch (error) {
    return failureOf(deps, effect, error);
  }
}

function latest(times: readonly (Date | undefined)[]): Date | undefined {
  return times.reduce(
    (one, other) => (one && other ? (one > other ? one : other) : (one ?? other)),
    undefined,
  );
}
