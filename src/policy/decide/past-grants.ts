import type { Ask } from "./ask.ts";
import { evaluate } from "./evaluate.ts";
import { noHistory, type PastGrant } from "./history.ts";
import type { Memberships } from "../membership.ts";
import type { Policy } from "../policy.ts";

/** The grants that a requester is assumed to hold, each under the rule that would give it now. */
export function supposedGrants(
  policy: Policy,
  memberships: Memberships,
  ask: Ask,
  accesses: readonly string[],
): readonly PastGrant[] {
  return accesses.map((access) => {
    const [resource = "", role = ""] = access.split(":");
    const { rule } = evaluate(
      policy,
      { ...ask, resource, role, durationSeconds: 1, isBreakGlass: false },
      { memberships, history: noHistory },
    );
    return { resource, role, rule: rule ?? "", startedAt: ask.now };
  });
}
