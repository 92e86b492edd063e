import type { Policy } from "../policy/policy.ts";
import type { PolicyDeps } from "./deps.ts";

/**
 * Judges by the policy in force, and once more where another came into force meanwhile: asking about people may take seconds, and what
 * the new one forbids must not be let through by the old.
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
