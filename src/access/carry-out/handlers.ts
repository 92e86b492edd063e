import { carryOutDeadline, type DeadlineEffect } from "./deadline.ts";
import { carryOutExtension } from "./extension.ts";
import { carryOutGrant } from "./grant.ts";
import { carryOutHeldCheck } from "./held-check.ts";
import { carryOutIdleCheck } from "./idle.ts";
import { carryOutRevoke } from "./revoke.ts";
import type { CarryOutDeps, Handlers, Outcome } from "./carry-out.ts";
import type { IdentityDeps } from "../deps.ts";

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
