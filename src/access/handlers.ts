import { carryOutDeadline, type DeadlineEffect } from "./carry-out-deadline.ts";
import { carryOutExtension } from "./carry-out-extension.ts";
import { carryOutGrant } from "./carry-out-grant.ts";
import { carryOutHeldCheck } from "./carry-out-held-check.ts";
import { carryOutIdleCheck } from "./carry-out-idle.ts";
import { carryOutRevoke } from "./carry-out-revoke.ts";
import type { CarryOutDeps, Handlers, Outcome } from "./carry-out.ts";
import type { IdentityDeps } from "./deps.ts";

/** Creates the handlers for every effect that is not a message. */
export function createAccessHandlers(
  deps: CarryOutDeps & IdentityDeps,
): Handlers<"grant" | "revoke" | "check_idle" | "extend_access" | "check_held" | DeadlineEffect["kind"]> {
  const deadline = (effect: DeadlineEffect): Promise<Outcome> => carryOutDeadline(deps, effect);
  return {
    grant: (effect) => carryOutGrant(deps, effect),
    revoke: (effect) => carryOutRevoke(deps, effect),
    check_idle: (effect) => carryOutIdleCheck(deps, effect),
    extend_access: (effect) => carryOutExtension(deps, effect),
    check_held: (effect) => carryOutHeldCheck(deps, effect),
    expire_request: deadline,
    remind_request: deadline,
    escalate_request: deadline,
    lapse_request: deadline,
    check_review: deadline,
  };
}
