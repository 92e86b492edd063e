import type { ClaimedEffect } from "../../persistence/effects/effects.ts";
import type { Command } from "../../domain/command.ts";
import { apply } from "../apply.ts";
import { type Outcome, settled } from "./carry-out.ts";
import type { RecordDeps } from "../deps.ts";

/** The command for each deadline; a request that has moved on meanwhile is left as it is. */
const deadlineCommands = {
  expire_request: { type: "expire" },
  remind_request: { type: "remind" },
  escalate_request: { type: "escalate" },
  lapse_request: { type: "lapse" },
  check_review: { type: "check_review" },
} as const satisfies Readonly<Record<string, Command>>;

export type DeadlineEffect = ClaimedEffect<keyof typeof deadlineCommands>;

/** Carries out the command of a deadline. */
export async function carryOutDeadline(deps: RecordDeps, effect: DeadlineEffect): Promise<Outcome> {
  const applied = await apply(deps, effect.requestId, deadlineCommands[effect.kind], () => ({
    effect,
    onlyWhileHeld: true,
    done: true,
  }));
  if (applied.applied) return settled;
  if (applied.refusal !== "too_early") return { outcome: "done", note: applied.refusal };
  // Claimed by the database's clock, but decided by an estimate of it that is some milliseconds behind.
  return { outcome: "again", seconds: 0.1, error: "not due yet", untouched: true };
}
