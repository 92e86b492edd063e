import { createAccessHandlers } from "../access/carry-out/handlers.ts";
import type { IdentityDeps } from "../access/deps.ts";
import type { CarryOutDeps } from "../access/carry-out/carry-out.ts";
import type { QueueName } from "../domain/effect.ts";
import type { Courtesy } from "../jobs/courtesy.ts";
import { runClaimed, type RunnerDeps, runEffect } from "../jobs/run-effect.ts";
import type { ClaimedEffect } from "../persistence/effects/effects.ts";
import { createBatchedEnds } from "../persistence/requests/batched-ends.ts";
import { createNotifier, type NotifierDeps } from "../notify/notifier.ts";

export type WorkParts = CarryOutDeps & IdentityDeps & NotifierDeps & { readonly courtesy: Courtesy };

export type Work = {
  /** Carries out an effect, as it is now in the database. */
  readonly run: (effectId: string, queue: QueueName) => Promise<void>;
  /** Carries out a claimed revocation. */
  readonly end: (effect: ClaimedEffect) => Promise<void>;
};

/** Creates what carries out all effects. */
export function createWork(parts: WorkParts): Work {
  const { courtesy } = parts;
  const carryOut = { ...parts, ends: createBatchedEnds(parts.db, parts.clock) };
  const runner: RunnerDeps = {
    ...parts,
    handlers: { ...createAccessHandlers(carryOut), ...createNotifier(parts) },
  };
  return {
    async run(effectId, queue) {
      // Messages give way to people who wait; grants give way less.
      await courtesy.turn(queue === "grants");
      return runEffect(runner, effectId);
    },
    // Access ends on time whoever waits, and counts as a waiting person itself.
    end: (effect) => courtesy.attend(() => runClaimed(runner, effect)),
  };
}
