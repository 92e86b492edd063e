import type { ClaimedEffect } from "../persistence/effects.ts";
import { apply } from "./apply.ts";
import type { Outcome } from "./carry-out.ts";
import type { RecordDeps } from "./deps.ts";

/** Closes a request that nobody decided in time; one that was decided is left as it is. */
export async function expireRequest(
  deps: RecordDeps,
  effect: Extract<ClaimedEffect, { kind: "expire_request" }>,
): Promise<Outcome> {
  const applied = await apply(deps, effect.requestId, { type: "expire" }, () => ({
    effectId: effect.id,
    done: true,
  }));
  if (applied.applied) return { outcome: "settled" };
  if (applied.refusal !== "too_early") return { outcome: "done", note: applied.refusal };
  const respondBy = applied.state.request.respondBy ?? applied.now;
  const seconds = Math.max(0.05, (respondBy.getTime() - applied.now.getTime()) / 1000);
  return { outcome: "again", seconds, error: "not due yet", untouched: true };
}
