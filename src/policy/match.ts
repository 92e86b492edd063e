import type { ConditionFacts } from "./condition-facts.ts";
import { isWithin } from "./hours.ts";
import type { Ask, Facts } from "./ask.ts";
import { groupsWith, standingAmong } from "./people.ts";
import type { Policy, Resource, Role, Rule } from "./policy.ts";
import { riskOf } from "./risk.ts";

/** What a rule is matched against. */
export type Asked = {
  readonly policy: Policy;
  readonly facts: Facts;
  readonly ask: Ask;
  /** The requester, as addresses are compared. */
  readonly email: string;
  readonly resource: Resource;
};

/** Why a rule does not match; with `unknown`, why it could not be found out. */
export type Objection = {
  readonly check: "access" | "requesters" | "hours" | "from_ip" | "when";
  readonly unknown?: string;
};

/** Whether a rule is about this role of this resource. */
export function covers(rule: Pick<Rule, "access">, resource: string, role: string): boolean {
  return rule.access.some(
    (pattern) => (pattern.resource ?? resource) === resource && (pattern.role ?? role) === role,
  );
}

/**
 * Whether a rule is about a role that somebody asks for. What a bundle gives, only rules about the bundle give; but a
 * `deny` of anything in it denies the whole.
 */
export function isAbout(rule: Rule, resource: string, role: Role): boolean {
  if (covers(rule, resource, role.name)) return true;
  return rule.decision === "deny" && role.grants.some((grant) => covers(rule, grant.resource, grant.role));
}

/** Everything that speaks against a rule, the cheapest first; nothing when it matches. */
export function* objections(rule: Rule, asked: Asked): Generator<Objection> {
  const { policy, facts, ask, email } = asked;
  const role = asked.resource.roles.get(ask.role);
  if (!role || !isAbout(rule, asked.resource.name, role)) yield { check: "access" };
  const standing = standingAmong(policy, facts.memberships, rule.requesters, email);
  if (standing.is === "out") yield { check: "requesters" };
  if (standing.is === "unknown") yield { check: "requesters", unknown: standing.why };
  if (rule.hours && !isWithin(rule.hours, ask.now, policy.settings.timezone)) yield { check: "hours" };
  if (rule.fromIp && (ask.ip === undefined || !rule.fromIp.includes(ask.ip))) yield { check: "from_ip" };
  if (rule.when) {
    const result = holds(rule.when, asked);
    if ("failed" in result) yield { check: "when", unknown: result.failed };
    else if (!result.holds) yield { check: "when" };
  }
}

/** The first thing that speaks against a rule for certain, else what could not be found out, else nothing. */
export function objectionTo(rule: Rule, asked: Asked): Objection | undefined {
  let unknown: Objection | undefined;
  for (const objection of objections(rule, asked)) {
    if (objection.unknown === undefined) return objection;
    unknown ??= objection;
  }
  return unknown;
}

function holds(
  condition: NonNullable<Rule["when"]>,
  { policy, facts, ask, email, resource }: Asked,
): ReturnType<typeof condition.evaluate> {
  const { uses } = condition;
  const person =
    uses.has("groups") || uses.has("on_call") ? groupsWith(policy, facts.memberships, email) : undefined;
  // A group that is missing could make the condition hold, or not.
  const [unreadable] = (uses.has("groups") ? person?.unreadable : person?.unreadableSchedules) ?? [];
  if (unreadable !== undefined) return { failed: unreadable };
  const role = resource.roles.get(ask.role);
  const conditionFacts: ConditionFacts = {
    request: ask,
    requester: { email, groups: person?.groups ?? [], onCall: person?.isOnCall ?? false },
    resource: { name: resource.name, risk: role ? riskOf(policy, resource, role) : resource.risk },
    now: ask.now,
    timezone: policy.settings.timezone,
    history: facts.history,
  };
  return condition.evaluate(conditionFacts);
}
