import type { Ask, Facts } from "../decide/ask.ts";
import { wordHours } from "../hours.ts";
import { type Objection, objections } from "../decide/match.ts";
import type { Policy, Rule } from "../policy.ts";
import { normalEmail } from "../principal.ts";

/** How one rule applies to a request. */
export type RuleTrace = {
  readonly rule: string;
  readonly decision: Rule["decision"];
  readonly matches: "yes" | "no" | "unknown";
  /** Why it does not match, or why that is unknown, a phrase each; empty if it matches. */
  readonly against: readonly string[];
  /** The answer, if this rule decides: `refuse` if it is in doubt. No rule after it is evaluated. */
  readonly answer?: Rule["decision"] | "refuse";
};

/** Traces every rule of a policy in order, with why it does or does not match; empty if the resource does not exist. */
export function traceRules(policy: Policy, ask: Ask, facts: Facts): readonly RuleTrace[] {
  const resource = policy.resources.get(ask.resource);
  if (!resource) return [];
  const asked = { policy, facts, ask, email: normalEmail(ask.requester.email), resource };
  let isDecided = false;
  let isInDoubt = false;
  return policy.rules.map((rule) => {
    const found = objections(rule, asked);
    const matches = found.length === 0 ? "yes" : found.every(isUnknown) ? "unknown" : "no";
    // A certain objection is enough.
    const said = matches === "no" ? found.filter((objection) => !isUnknown(objection)) : found;
    const against = said.map((objection) => wordObjection(objection, rule, policy));
    const trace = { rule: rule.name, decision: rule.decision, matches, against } as const;
    if (isDecided || matches === "no") return trace;
    // After an `allow` that may match, later rules are still tried, but can at most send the request to people.
    const isPassedOver = matches === "unknown" && rule.decision === "allow";
    const refuses = matches === "unknown" || (rule.decision === "allow" && isInDoubt);
    isInDoubt ||= isPassedOver;
    if (isPassedOver) return trace;
    isDecided = true;
    return { ...trace, answer: refuses ? ("refuse" as const) : rule.decision };
  });
}

function isUnknown({ unknown }: Objection): boolean {
  return unknown !== undefined;
}

/** Describes an objection in a phrase. */
export function wordObjection({ check, unknown }: Objection, rule: Rule, policy: Policy): string {
  if (unknown !== undefined) return unknown;
  switch (check) {
    case "access":
      return `is about ${wordAccess(rule)}`;
    case "requesters":
      return `not among ${rule.requesters.join(", ")}`;
    case "hours":
      return `only ${rule.hours ? wordHours(rule.hours) : "at other hours"} (${policy.settings.timezone})`;
    case "from_ip":
      return `only from ${rule.fromIp?.written.join(", ") ?? "other addresses"}`;
    case "when":
      return `only when ${rule.when?.text.replace(/\s+/gu, " ").trim() ?? "its condition holds"}`;
  }
}

function wordAccess({ access }: Rule): string {
  return access.map(({ resource = "*", role = "*" }) => `${resource}:${role}`).join(", ");
}
