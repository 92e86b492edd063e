import { isBlank } from "../domain/text.ts";
import { nearest } from "./nearest.ts";
import type { Policy, Resource, Role, Rule } from "./policy.ts";
import { defaultMaxDurationSeconds, groupOf, isEmail, normalEmail, type Risk } from "./schema.ts";

/** What somebody asks for, and everything a decision depends on. */
export type Ask = {
  readonly requester: { readonly email: string };
  readonly resource: string;
  readonly role: string;
  readonly durationSeconds: number;
  readonly reason: string;
  readonly ticket?: string | undefined;
  readonly now: Date;
};

/** What the deciding rule grants, at most how long, and where it is discussed. */
export type Terms = {
  /** The deciding rule's name. */
  readonly rule: string;
  readonly resourceTitle: string;
  readonly roleTitle: string;
  readonly risk: Risk;
  readonly channel: string;
  readonly maxDurationSeconds: number;
  readonly provider: string;
  readonly target: unknown;
};

/** One approval step: `count` distinct people out of `approvers`. */
export type Step = {
  readonly count: number;
  /** Principals, as the policy words them. */
  readonly from: readonly string[];
  /** Distinct e-mail addresses, sorted; never the requester's. */
  readonly approvers: readonly string[];
};

type Offer = { readonly nearest?: string; readonly allowed: readonly string[] };
type Asked = { readonly resource: string; readonly role: string };

/** Why the policy refuses; `allowed` and `nearest` name only what the person may ask for. Steps count from 1. */
export type PolicyRefusal =
  | ({ readonly kind: "unknown_resource"; readonly resource: string } & Offer)
  | ({ readonly kind: "unknown_role" } & Asked & Offer)
  | ({ readonly kind: "no_rule" } & Asked)
  | ({ readonly kind: "denied"; readonly rule: string; readonly message?: string } & Asked)
  | ({
      readonly kind: "duration_too_long";
      readonly maxSeconds: number;
      readonly askedSeconds: number;
    } & Asked)
  | ({ readonly kind: "duration_invalid"; readonly maxSeconds: number } & Asked)
  | { readonly kind: "reason_missing" }
  | { readonly kind: "reason_too_long"; readonly maxCharacters: number; readonly characters: number }
  | ({
      readonly kind: "nobody_can_approve";
      readonly step: number;
      readonly count: number;
      readonly available: number;
    } & Asked);

export type Evaluation =
  | ({ readonly verdict: "allow" } & Terms)
  | ({ readonly verdict: "review"; readonly steps: readonly Step[]; readonly timeoutSeconds: number } & Terms)
  | { readonly verdict: "refuse"; readonly refusal: PolicyRefusal; readonly rule?: string };

/** A role that a person may ask for. */
export type Askable = {
  readonly resource: string;
  readonly resourceTitle: string;
  readonly role: string;
  readonly roleTitle: string;
  readonly risk: Risk;
  readonly maxDurationSeconds: number;
  readonly verdict: "allow" | "review";
  readonly rule: string;
};

/** As many as Slack's text input and a section of a message hold. */
export const maxReasonCharacters = 3000;

/** What the policy says to a request: may it be made, who must approve, why not. */
export function evaluate(policy: Policy, ask: Ask): Evaluation {
  const email = normalEmail(ask.requester.email);
  const resource = policy.resources.get(ask.resource);
  if (!resource) return refuse(unknownResource(policy, email, ask.resource));
  const role = resource.roles.get(ask.role);
  if (!role) return refuse(unknownRole(policy, email, resource, ask.role));

  const at = { resource: resource.name, role: role.name };
  const rule = policy.rules.find(
    (candidate) =>
      covers(candidate, resource.name, role.name) && matchesPrincipal(policy, candidate.requesters, email),
  );
  if (!rule) return refuse({ kind: "no_rule", ...at });
  if (rule.decision === "deny") {
    const words = rule.message === undefined ? {} : { message: rule.message };
    return refuse({ kind: "denied", ...at, rule: rule.name, ...words }, rule.name);
  }

  const terms = termsOf(resource, role, rule);
  const exceeded = exceededLimit(ask, terms);
  if (exceeded) return refuse(exceeded, rule.name);
  if (rule.decision === "allow") return { verdict: "allow", ...terms };

  const steps = rule.steps.map((step) => ({
    ...step,
    approvers: step.approvers.filter((approver) => approver !== email),
  }));
  const short = steps.findIndex((step) => step.approvers.length < step.count);
  const shortStep = steps[short];
  if (shortStep) {
    const { count, approvers } = shortStep;
    const available = approvers.length;
    return refuse({ kind: "nobody_can_approve", ...at, step: short + 1, count, available }, rule.name);
  }
  return { verdict: "review", ...terms, steps, timeoutSeconds: rule.timeoutSeconds };
}

function refuse(refusal: PolicyRefusal, rule?: string): Evaluation {
  return { verdict: "refuse", refusal, ...(rule === undefined ? {} : { rule }) };
}

function rulesFor(policy: Policy, email: string): readonly Rule[] {
  return policy.rules.filter((rule) => matchesPrincipal(policy, rule.requesters, email));
}

/** Whether a rule is about this role of this resource. */
export function covers(rule: Rule, resource: string, role: string): boolean {
  return rule.access.some(
    (pattern) => (pattern.resource ?? resource) === resource && (pattern.role ?? role) === role,
  );
}

function maxDurationOf(role: Role, rule: Rule): number {
  const said = [role.maxDurationSeconds, rule.maxDurationSeconds].filter((limit) => limit !== undefined);
  return said.length === 0 ? defaultMaxDurationSeconds : Math.min(...said);
}

function termsOf(resource: Resource, role: Role, rule: Rule): Terms {
  return {
    rule: rule.name,
    resourceTitle: resource.title,
    roleTitle: role.title,
    risk: resource.risk,
    channel: rule.channel,
    maxDurationSeconds: maxDurationOf(role, rule),
    provider: resource.provider,
    target: role.target,
  };
}

function exceededLimit(ask: Ask, terms: Terms): PolicyRefusal | undefined {
  const { resource, role, durationSeconds: askedSeconds, reason } = ask;
  const maxSeconds = terms.maxDurationSeconds;
  if (!Number.isSafeInteger(askedSeconds) || askedSeconds <= 0)
    return { kind: "duration_invalid", resource, role, maxSeconds };
  if (askedSeconds > maxSeconds)
    return { kind: "duration_too_long", resource, role, maxSeconds, askedSeconds };
  if (reason.length > maxReasonCharacters)
    return { kind: "reason_too_long", maxCharacters: maxReasonCharacters, characters: reason.length };
  if (isBlank(reason)) return { kind: "reason_missing" };
  return undefined;
}

function unknownResource(policy: Policy, email: string, resource: string): PolicyRefusal {
  const allowed = [...new Set(askable(policy, email).map((entry) => entry.resource))];
  return { kind: "unknown_resource", resource, ...offer(resource, allowed) };
}

function unknownRole(policy: Policy, email: string, resource: Resource, role: string): PolicyRefusal {
  const allowed = askableOf(resource, rulesFor(policy, email)).map((entry) => entry.role);
  return { kind: "unknown_role", resource: resource.name, role, ...offer(role, allowed) };
}

function offer(text: string, allowed: readonly string[]): Offer {
  const best = nearest(text, allowed);
  return best === undefined ? { allowed } : { nearest: best, allowed };
}

/** What a person may ask for, in the policy's order: whatever the first matching rule does not deny. */
export function askable(policy: Policy, email: string): readonly Askable[] {
  const rules = rulesFor(policy, normalEmail(email));
  return [...policy.resources.values()].flatMap((resource) => askableOf(resource, rules));
}

function askableOf(resource: Resource, rules: readonly Rule[]): readonly Askable[] {
  return [...resource.roles.values()].flatMap((role) => {
    const rule = rules.find((candidate) => covers(candidate, resource.name, role.name));
    if (!rule || rule.decision === "deny") return [];
    const { resourceTitle, roleTitle, risk, maxDurationSeconds } = termsOf(resource, role, rule);
    const titles = { resource: resource.name, resourceTitle, role: role.name, roleTitle };
    return [{ ...titles, risk, maxDurationSeconds, verdict: rule.decision, rule: rule.name }];
  });
}

/** Whether a person is among the principals. Nobody without an e-mail address is, not even for `everyone`. */
export function matchesPrincipal(policy: Policy, principals: readonly string[], email: string): boolean {
  const person = normalEmail(email);
  if (!isEmail(person)) return false;
  return principals.some((principal) => {
    if (principal === "everyone" || principal === person) return true;
    const group = groupOf(principal);
    return group !== undefined && policy.groups.get(group)?.has(person) === true;
  });
}

/** Whether a person administers Hallpass. */
export function isAdmin(policy: Policy, email: string): boolean {
  return matchesPrincipal(policy, policy.settings.admins, email);
}

/** Whether a person may read everybody's requests and the audit log. */
export function isAuditor(policy: Policy, email: string): boolean {
  return matchesPrincipal(policy, policy.settings.auditors, email);
}
