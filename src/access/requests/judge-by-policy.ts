import type { Policy } from "../../policy/policy.ts";
import type { PolicyDeps } from "../deps.ts";

/**
 * Judges by the policy in force, and again if another came into force meanwhile: looking people up may take seconds, and the old
 * policy must not allow what the new one forbids.
 */
export async function judgeByPolicy<T>(
  { policy }: Pick<PolicyDeps, "policy">,
  judge: (inForce: Policy) => Promise<T>,
): Promise<T> {
  for (;;) {
    const inForce = policy();
    const judged = await judge(inForce);
    if (policy() === inForce) return judged;
  }
}
