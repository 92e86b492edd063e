import { carryOutDeadline } from "../access/carry-out-deadline.ts";
import { carryOutExtension } from "../access/carry-out-extension.ts";
import { carryOutGrant } from "../access/carry-out-grant.ts";
import { carryOutHeldCheck } from "../access/carry-out-held-check.ts";
import { carryOutIdleCheck } from "../access/carry-out-idle.ts";
import { carryOutRevoke } from "../access/carry-out-revoke.ts";
import type { CarryOutDeps, Outcome } from "../access/carry-out.ts";
import type { QueueName } from "../domain/effect.ts";
import type { Courtesy } from "../jobs/courtesy.ts";
import { type RunnerDeps, runEffect } from "../jobs/run-effect.ts";
import { createNotifier, type NotifierDeps } from "../slack/notifier.ts";

export type WorkParts = CarryOutDeps & NotifierDeps & { readonly courtesy: Courtesy };

/** Carries out what is owed: one effect, as it stands now in the database. */
export function createWork(parts: WorkParts): (effectId: string, queue: QueueName) => Promise<void> {
  const { courtesy } = parts;
  const runner: RunnerDeps = {
    ...parts,
    handlers: {
      grant: (effect): Promise<Outcome> => carryOutGrant(parts, effect),
      revoke: (effect): Promise<Outcome> => carryOutRevoke(parts, effect),
      check_idle: (effect): Promise<Outcome> => carryOutIdleCheck(parts, effect),
      extend_access: (effect): Promise<Outcome> => carryOutExtension(parts, effect),
      check_held: (effect): Promise<Outcome> => carryOutHeldCheck(parts, effect),
      deadline: (effect): Promise<Outcome> => carryOutDeadline(parts, effect),
      ...createNotifier(parts),
    },
  };
  return async (effectId, queue) => {
    const work = (): Promise<void> => runEffect(runner, effectId);
    // Access ends on time whoever waits, and counts as somebody waiting; a message gives way, and a grant for less.
    if (queue === "revocations") return courtesy.attend(work);
    await courtesy.turn(queue === "grants");
    return work();
  };
}
