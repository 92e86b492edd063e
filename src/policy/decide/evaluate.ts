import type { RuleTerms } from "../../domain/request/request.ts";
import { isBlank } from "../../domain/text.ts";
import type { Ask, Facts } from "./ask.ts";
import { inputFaults } from "./input.ts";
import { requestable, requestableRoles } from "./requestable.ts";
import { type Asked, objectionTo } from "./match.ts";
import { defaultDurationOf, historyRefusal, maxDurationOf } from "./limits.ts";
import { isLockedDown, type Lockdown } from "../lockdown.ts";
import { nearMisses } from "../explain/near-miss.ts";
import { nearest } from "../language/nearest.ts";
import type {
  AllowRule,
  Policy,
  Requirement,
  Resource,
  ReviewRule,
  Role,
  RoleGrant,
  Rule,
} from "../policy.ts";
import { normalEmail } from "../principal.ts";
import type { PolicyRefusal } from "./refusals.ts";
import { type BreakGlassReview, breakGlassReview, type Review, reviewOf } from "./review.ts";
import { riskOf } from "./risk.ts";
import type { Risk } from "../language/words.ts";

/** What the deciding rule grants, for how long at most, and where it is discussed. */
export type Terms = RuleTerms & {
  /** The deciding rule's name. */
  readonly rule: string;
  readonly resourceTitle: string;
  readonly roleTitle: string;
  readonly risk: Risk;
  readonly channel: string;
  readonly maxDurationSeconds: number;
  readonly defaultDurationSeconds: number | undefined;
  /** One, or several for a bundle. */
  readonly grants: readonly RoleGrant[];
  /** What could not be found out, and made the answer no better: an unreadable group, a failing condition. */
  readonly doubts: readonly string[];
};

export type Evaluation =
  | ({
      readonly verdict: "allow";
      /** Set if it was taken at once all the same: who reviews it afterwards. */
      readonly breakGlass?: BreakGlassReview;
    } & Terms)
  | ({ readonly verdict: "review" } & Review & Terms)
  | {
      readonly verdict: "refuse";
      /** Everything that the person can fix at once; otherwise the one reason. */
      readonly refusals: readonly [PolicyRefusal, ...PolicyRefusal[]];
      readonly rule?: string;
    };

/** As many as Slack's text input and a section of a message hold. */
export const maxReasonCharacters = 3000;

/** Evaluates a request against the policy: whether it may be made, who must approve it, or why not. */
export function evaluate(policy: Policy, ask: Ask, facts: Facts): Evaluation {
  const email = normalEmail(ask.requester.email);
  const resource = policy.resources.get(ask.resource);
  if (!resource) {
    const allowed = [
      ...new Set(requestable(policy, facts.memberships, email, ask.now).map((entry) => entry.resource)),
    ];
    return refuse([{ kind: "unknown_resource", resource: ask.resource, ...offer(ask.resource, allowed) }]);
  }
  const role = resource.roles.get(ask.role);
  if (!role) {
    const allowed = requestableRoles(policy, facts.memberships, email, ask.now, resource).map(
      (entry) => entry.role,
    );
    const at = { resource: resource.name, role: ask.role };
    return refuse([{ kind: "unknown_role", ...at, ...offer(ask.role, allowed) }]);
  }
  const locked = lockdownOf(ask.requester, resource, role, facts);
  if (locked) return refuse([{ kind: "locked_down", value: locked.value, reason: locked.reason }]);
  const asked: Asked = { policy, facts, ask, email, resource };
  const { rule, doubts, refusal } = decidingRule(asked);
  if (refusal) return refuse([refusal], rule?.name);

  const [first, ...others] = [
    ...mistakes(ask, maxDurationOf(role, rule), rule),
    ...(ask.input ? inputFaults(policy, role.grants, ask.input) : []),
  ];
  if (first) return refuse([first, ...others], rule.name);
  const limited = historyRefusal(asked, role, rule);
  if (limited) return refuse([limited], rule.name);

  const terms = { ...termsOf(asked, role, rule), doubts };
  if (rule.decision === "allow") return { verdict: "allow", ...terms };
  if (ask.isBreakGlass === true) {
    const { review, refusal: denied } = breakGlassReview(asked, rule);
    return denied ? refuse([denied], rule.name) : { verdict: "allow", ...terms, breakGlass: review };
  }
  const { review, refusal: unfillable } = reviewOf(asked, rule);
  if (unfillable) return refuse([unfillable], rule.name);
  return { verdict: "review", ...terms, ...review, doubts: [...doubts, ...review.doubts] };
}

function lockdownOf(
  requester: Ask["requester"],
  { name }: Resource,
  { grants }: Role,
  { lockdowns = [] }: Facts,
): Lockdown | undefined {
  return lockdowns.find((lockdown) => {
    if (lockdown.kind === "person") return isLockedDown([lockdown], requester);
    const { value } = lockdown;
    return value === name || grants.some(({ resource }) => resource === value);
  });
}

function refuse(refusals: readonly [PolicyRefusal, ...PolicyRefusal[]], rule?: string): Evaluation {
  return { verdict: "refuse", refusals, ...(rule === undefined ? {} : { rule }) };
}

type Deciding =
  | { readonly rule: AllowRule | ReviewRule; readonly doubts: readonly string[]; readonly refusal?: never }
  | { readonly rule?: Rule; readonly doubts?: never; readonly refusal: PolicyRefusal };

/**
 * Finds the first rule that matches. If it is unknown whether an `allow` matches, later rules are tried, but can at most send the
 * request to people: the `allow` would have given more. Any other doubt refuses.
 */
function decidingRule(asked: Asked): Deciding {
  const { policy, ask } = asked;
  const at = { resource: ask.resource, role: ask.role };
  const doubts: { readonly rule: string; readonly why: string }[] = [];
  for (const rule of policy.rules) {
    const objection = objectionTo(rule, asked);
    if (objection && objection.unknown === undefined) continue;
    if (objection?.unknown !== undefined) {
      const doubt = { rule: rule.name, why: objection.unknown };
      if (rule.decision !== "allow") return { rule, refusal: { kind: "undecided", ...at, ...doubt } };
      doubts.push(doubt);
    } else if (rule.decision === "deny") {
      return { rule, refusal: { kind: "denied", ...at, rule: rule.name, message: rule.message } };
    } else if (rule.decision === "allow" && doubts[0]) {
      return { rule, refusal: { kind: "undecided", ...at, ...doubts[0] } };
    } else {
      return { rule, doubts: doubts.map((doubt) => `"${doubt.rule}" was passed over: ${doubt.why}`) };
    }
  }
  const refusal: PolicyRefusal = doubts[0]
    ? { kind: "undecided", ...at, ...doubts[0] }
    : { kind: "no_rule", ...at, nearMisses: nearMisses(asked) };
  return { refusal };
}

function termsOf(
  { policy, resource }: Asked,
  role: Role,
  rule: AllowRule | ReviewRule,
): Omit<Terms, "doubts"> {
  return {
    ...rule.terms,
    rule: rule.name,
    resourceTitle: resource.title,
    roleTitle: role.title,
    risk: riskOf(policy, resource, role),
    channel: rule.channel,
    maxDurationSeconds: maxDurationOf(role, rule),
    defaultDurationSeconds: defaultDurationOf(role, rule),
    grants: role.grants,
  };
}

/** Everything that is wrong with the request itself: each mistake is shown at its field. */
function mistakes(ask: Ask, maxSeconds: number, rule: AllowRule | ReviewRule): readonly PolicyRefusal[] {
  const { resource, role, durationSeconds: askedSeconds, reason, ticket } = ask;
  const found: PolicyRefusal[] = [];
  if (!Number.isSafeInteger(askedSeconds) || askedSeconds <= 0)
    found.push({ kind: "duration_invalid", resource, role, maxSeconds });
  else if (askedSeconds > maxSeconds)
    found.push({ kind: "duration_too_long", resource, role, maxSeconds, askedSeconds });
  const because = (
    kind: "reason_unfit" | "ticket_missing" | "ticket_unfit",
    { minLength, pattern, message }: Requirement,
  ) => ({ kind, rule: rule.name, message, minLength, matches: pattern?.text }) as const;
  const { requires } = rule;
  if (reason.length > maxReasonCharacters)
    found.push({ kind: "reason_too_long", maxCharacters: maxReasonCharacters, characters: reason.length });
  else if (isBlank(reason)) found.push({ kind: "reason_missing" });
  else if (requires.reason && !meets(reason, requires.reason))
    found.push(because("reason_unfit", requires.reason));
  if (requires.ticket) {
    if (ticket === undefined || isBlank(ticket)) found.push(because("ticket_missing", requires.ticket));
    else if (!meets(ticket, requires.ticket))
      found.push({ ...because("ticket_unfit", requires.ticket), ticket });
  }
  return found;
}

function meets(text: string, { minLength = 0, pattern }: Requirement): boolean {
  // Roughly characters as people count them: an emoji is one, though it is two in JavaScript.
  const characters = Array.from(text.trim()).length;
  return characters >= minLength && (pattern?.matches(text) ?? true);
}

function offer(
  text: string,
  allowed: readonly string[],
): { readonly nearest?: string; readonly allowed: readonly string[] } {
  const best = nearest(text, allowed);
  return best === undefined ? { allowed } : { nearest: best, allowed };
}
