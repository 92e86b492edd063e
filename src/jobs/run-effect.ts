import { crashPoint } from "../crash-point.ts";
import type { Logger } from "../logger.ts";
import { backoffSeconds, type Handlers, type Outcome } from "../access/carry-out/carry-out.ts";
import { ClaimLost } from "../access/apply.ts";
import type { RecordDeps } from "../access/deps.ts";
import {
  type ClaimedEffect,
  claimEffect,
  finishEffect,
  leaseSeconds,
  nextInLane,
  postponeEffect,
  renewClaim,
} from "../persistence/effects/effects.ts";
import { messageOf } from "../error-message.ts";

export type RunnerDeps = RecordDeps & { readonly handlers: Handlers; readonly log: Logger };

/**
 * Runs an effect if it is due and free, then whatever else of its lane is due. Idempotent: safe to call any number of
 * times, from any process, for any id, because the claim decides.
 */
export async function runEffect(deps: RunnerDeps, id: string): Promise<void> {
  let next: string | undefined = id;
  while (next !== undefined) {
    const effect: ClaimedEffect | undefined = await claimEffect(deps.db, deps.clock, next);
    if (!effect) return;
    next = await carryOut(deps, effect);
  }
}

/** Runs an effect that is already claimed, then whatever else of its lane is due. */
export async function runClaimed(deps: RunnerDeps, effect: ClaimedEffect): Promise<void> {
  const next = await carryOut(deps, effect);
  if (next !== undefined) await runEffect(deps, next);
}

/** Carries out one effect; returns the next one of its lane that can run now. */
async function carryOut(deps: RunnerDeps, effect: ClaimedEffect): Promise<string | undefined> {
  const heartbeat = setInterval(
    () => {
      renewClaim(deps.db, effect).catch((error: unknown) => {
        deps.log.warn(
          { err: error, effect: effect.id },
          "could not renew a claim; another worker may take it over",
        );
      });
    },
    (leaseSeconds * 1000) / 3,
  );
  try {
    crashPoint(`before ${effect.kind}`);
    const outcome = await handle(deps.handlers, effect);
    crashPoint(`after ${effect.kind}`);
    switch (outcome.outcome) {
      case "settled":
        // After a revocation, the lane can only owe another one of the same grant, which the next look for ends finds.
        return effect.kind === "revoke" ? undefined : await nextInLane(deps.db, deps.clock, effect.lane);
      case "done":
        return await finishEffect(deps.db, deps.clock, effect, outcome.note);
      case "again":
        await postpone(deps, effect, outcome);
        return undefined;
    }
  } catch (error) {
    if (error instanceof ClaimLost) {
      deps.log.warn({ effect: effect.id, kind: effect.kind }, "another worker has taken an effect over");
      return undefined;
    }
    const seconds = backoffSeconds(effect.attempts);
    deps.log.error(
      { err: error, effect: effect.id, kind: effect.kind, seconds },
      "an effect failed; it is tried again",
    );
    await postpone(deps, effect, { seconds, error: messageOf(error), untouched: false });
    return undefined;
  } finally {
    clearInterval(heartbeat);
  }
}

async function postpone(
  deps: RunnerDeps,
  effect: ClaimedEffect,
  retry: Parameters<typeof postponeEffect>[3],
): Promise<void> {
  const owed = await postponeEffect(deps.db, deps.clock, effect, retry);
  if (owed) deps.wake([owed], new Date(owed.dueAt.getTime() - retry.seconds * 1000));
}

function handle(handlers: Handlers, effect: ClaimedEffect): Promise<Outcome> {
  // The handler is that of this kind; the compiler loses the pairing.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const handler = handlers[effect.kind] as (effect: ClaimedEffect) => Promise<Outcome>;
  return handler(effect);
}
