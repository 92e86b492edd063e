import type { ConditionFacts } from "../conditions/facts.ts";
import type { Condition, ConditionResult } from "../conditions/condition.ts";
import { isWithin } from "../hours.ts";
import type { Ask, Facts } from "./ask.ts";
import { anyMemberStatus, groupsWith, memberStatus } from "../people.ts";
import type { Policy, Resource, Role, Rule } from "../policy.ts";
import { riskOf } from "./risk.ts";

/** What rules are matched against. */
export type Asked = {
  readonly policy: Policy;
  readonly facts: Facts;
  readonly ask: Ask;
  /** The requester's address, normalised for comparison. */
  readonly email: string;
  readonly resource: Resource;
};

/** Why a rule does not match; with `unknown`, why that could not be found out. */
export type Objection = {
  readonly check: "access" | "requesters" | "hours" | "from_ip" | "when";
  readonly unknown?: string;
};

/** Whether a rule covers this role of this resource. */
export function covers(rule: Pick<Rule, "access">, resource: string, role: string): boolean {
  return rule.access.some(
    (pattern) => (pattern.resource ?? resource) === resource && (pattern.role ?? role) === role,
  );
}

/**
 * Whether a rule is about a role that somebody asks for. Only rules about a bundle itself give it; but a `deny` of anything in it
 * denies the whole.
 */
export function isAbout(rule: Rule, resource: string, role: Role): boolean {
  if (covers(rule, resource, role.name)) return true;
  return rule.decision === "deny" && role.grants.some((grant) => covers(rule, grant.resource, grant.role));
}

type Check = (rule: Rule, asked: Asked) => Objection | undefined;

/** The checks for a rule, the cheapest first. */
const checks: readonly Check[] = [
  (rule, { ask, resource }) => {
    const role = resource.roles.get(ask.role);
    return role && isAbout(rule, resource.name, role) ? undefined : { check: "access" };
  },
  ({ requesters, decision }, { policy, facts, email, ask }) => {
    // A deny applies to every address of a person; only the one they show lets them ask.
    const addresses = decision === "deny" ? [email, ...(ask.requester.addresses ?? [])] : [email];
    const status = anyMemberStatus(
      addresses.map((address) => memberStatus(policy, facts.memberships, requesters, address)),
    );
    if (status.is === "in") return undefined;
    return { check: "requesters", ...(status.is === "unknown" ? { unknown: status.why } : {}) };
  },
  ({ hours }, { policy, ask }) =>
    hours && !isWithin(hours, ask.now, policy.settings.timezone) ? { check: "hours" } : undefined,
  ({ fromIp }, { ask: { ip } }) =>
    fromIp && (ip === undefined || !fromIp.includes(ip)) ? { check: "from_ip" } : undefined,
  ({ when }, asked) => {
    const result = when && conditionHolds(when, asked);
    if (!result) return undefined;
    if ("failed" in result) return { check: "when", unknown: result.failed };
    return result.holds ? undefined : { check: "when" };
  },
];

/** Everything that keeps a rule from matching; empty if it matches. */
export function objections(rule: Rule, asked: Asked): readonly Objection[] {
  return checks.flatMap((check) => check(rule, asked) ?? []);
}

/** The first certain objection to a rule, otherwise the first unknown, otherwise nothing. */
export function objectionTo(rule: Rule, asked: Asked): Objection | undefined {
  let unknown: Objection | undefined;
  for (const check of checks) {
    const objection = check(rule, asked);
    if (objection && objection.unknown === undefined) return objection;
    unknown ??= objection;
  }
  return unknown;
}

/** Whether a condition holds for a request, or why that is unknown. */
export function conditionHolds(condition: Condition, asked: Asked): ConditionResult {
  const { policy, facts, email } = asked;
  const { uses } = condition;
  if (!uses.has("groups") && !uses.has("on_call")) return condition.evaluate(conditionFacts(asked));
  const person = groupsWith(policy, facts.memberships, email);
  // A missing group could make the condition hold, or not.
  const [unreadable] = uses.has("groups") ? person.unreadable : person.unreadableSchedules;
  if (unreadable !== undefined) return { failed: unreadable };
  const requester = { email, groups: person.groups, onCall: person.isOnCall };
  return condition.evaluate({ ...conditionFacts(asked), requester });
}

const made = new WeakMap<Asked, ConditionFacts>();

/** What conditions read, except for the requester's groups; made once, however many rules ask. */
function conditionFacts(asked: Asked): ConditionFacts {
  const known = made.get(asked);
  if (known) return known;
  const { policy, facts, ask, email, resource } = asked;
  const role = resource.roles.get(ask.role);
  const fresh: ConditionFacts = {
    request: ask,
    requester: { email, groups: [], onCall: false },
    resource: { name: resource.name, risk: role ? riskOf(policy, resource, role) : resource.risk },
    now: ask.now,
    timezone: policy.settings.timezone,
    history: facts.history,
  };
  made.set(asked, fresh);
  return fresh;
}
