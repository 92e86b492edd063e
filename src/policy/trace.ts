import { covers, matchesPrincipal } from "./evaluate.ts";
import type { Policy, Rule } from "./policy.ts";
import { normalEmail } from "./schema.ts";

/** How one rule stands to what somebody asks for. */
export type RuleTrace = {
  readonly rule: string;
  readonly decision: Rule["decision"];
  /** Why it does not match, a phrase each; empty when it does. */
  readonly against: readonly string[];
  /** The first that matches decides; what matches after it is never asked. */
  readonly decides: boolean;
};

/** Every rule of a policy in order, each with why it does or does not match. */
export function traceRules(
  policy: Policy,
  asked: { readonly email: string; readonly resource: string; readonly role: string },
): readonly RuleTrace[] {
  const email = normalEmail(asked.email);
  let isDecided = false;
  return policy.rules.map((rule) => {
    const against = [
      ...(matchesPrincipal(policy, rule.requesters, email)
        ? []
        : [`not among ${rule.requesters.join(", ")}`]),
      ...(covers(rule, asked.resource, asked.role) ? [] : [`is about ${wordAccess(rule)}`]),
    ];
    const decides = against.length === 0 && !isDecided;
    isDecided ||= decides;
    return { rule: rule.name, decision: rule.decision, against, decides };
  });
}

function wordAccess({ access }: Rule): string {
  return access.map(({ resource = "*", role = "*" }) => `${resource}:${role}`).join(", ");
}
