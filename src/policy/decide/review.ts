import type { RuleTerms } from "../../domain/request/request.ts";
import { firstUnfillable } from "./fill-steps.ts";
import type { Asked } from "./match.ts";
import { peopleAmong, peopleOnCall, memberStatus } from "../people.ts";
import type { ReviewRule, RuleStep } from "../policy.ts";
import { groupOf } from "../principal.ts";
import type { PolicyRefusal } from "./refusals.ts";

/** One approval step: `count` distinct people out of `approvers`. */
export type Step = {
  readonly count: number;
  /** Principals, as the policy words them. */
  readonly from: readonly string[];
  /** Distinct e-mail addresses, sorted; never the requester's. */
  readonly approvers: readonly string[];
  /** E-mail addresses to ping, whether or not they may decide. */
  readonly notify: readonly string[];
};

/** How people decide a request. */
export type Review = RuleTerms & {
  readonly steps: readonly Step[];
  readonly timeoutSeconds: number;
  readonly escalate: Escalation | undefined;
  /** Whether this person may take the access at once. */
  readonly mayBreakGlass: boolean;
  readonly doubts: readonly string[];
};

/** Who may also decide once a request has waited this long. */
export type Escalation = {
  readonly afterSeconds: number;
  readonly to: readonly string[];
  readonly approvers: readonly string[];
};

/** Who reviews access that was taken at once, and by when. */
export type BreakGlassReview = {
  readonly from: readonly string[];
  readonly reviewers: readonly string[];
  readonly withinSeconds: number;
};

type Found<Value> =
  | { readonly review: Value; readonly refusal?: never }
  | { readonly review?: never; readonly refusal: PolicyRefusal };

/** Finds who has to approve what this person asks for under this rule; refuses if there are not enough people. */
export function reviewOf(asked: Asked, rule: ReviewRule): Found<Review> {
  const { policy, facts, email, ask } = asked;
  const doubts = new Set<string>();
  const steps = rule.steps.map((step): Step => {
    const { emails, unreadable } = othersAmong(asked, step.from);
    for (const why of unreadable) doubts.add(why);
    return { count: step.count, from: step.from, approvers: emails, notify: notified(asked, step, emails) };
  });
  const further = rule.escalate && othersAmong(asked, rule.escalate.to);
  for (const why of further?.unreadable ?? []) doubts.add(why);
  const unfillable = firstUnfillable(steps);
  const short = unfillable === undefined ? undefined : steps[unfillable];
  if (unfillable !== undefined && short) {
    const { count, approvers } = short;
    const at = { resource: ask.resource, role: ask.role, step: unfillable + 1 };
    const available = approvers.length;
    return { refusal: { kind: "nobody_can_approve", ...at, count, available, unreadable: [...doubts] } };
  }
  const { timeoutSeconds, breakGlass, escalate } = rule;
  return {
    review: {
      ...rule.reviewTerms,
      steps,
      timeoutSeconds,
      escalate: escalate && { ...escalate, approvers: further?.emails ?? [] },
      mayBreakGlass:
        breakGlass !== undefined && memberStatus(policy, facts.memberships, breakGlass.by, email).is === "in",
      doubts: [...doubts],
    },
  };
}

/** Finds who reviews what this person takes at once; refuses if they may not take it, or nobody could review it. */
export function breakGlassReview(asked: Asked, rule: ReviewRule): Found<BreakGlassReview> {
  const { policy, facts, email, ask } = asked;
  const at = { resource: ask.resource, role: ask.role };
  const { breakGlass } = rule;
  if (!breakGlass) return { refusal: { kind: "not_break_glass", ...at, rule: rule.name } };
  const status = memberStatus(policy, facts.memberships, breakGlass.by, email);
  if (status.is === "unknown")
    return { refusal: { kind: "undecided", ...at, rule: rule.name, why: status.why } };
  if (status.is === "out") return { refusal: { kind: "not_break_glass", ...at, rule: rule.name } };
  const { emails: reviewers, unreadable } = othersAmong(asked, breakGlass.reviewBy);
  if (reviewers.length === 0)
    return { refusal: { kind: "nobody_can_approve", ...at, step: 1, count: 1, available: 0, unreadable } };
  return { review: { from: breakGlass.reviewBy, reviewers, withinSeconds: breakGlass.withinSeconds } };
}

/** Everybody that principals stand for, except the requester: nobody decides their own request. */
function othersAmong(
  { policy, facts, email, ask }: Asked,
  principals: readonly string[],
): { readonly emails: readonly string[]; readonly unreadable: readonly string[] } {
  const { emails, unreadable } = peopleAmong(policy, facts.memberships, principals);
  const own = new Set([email, ...(ask.requester.addresses ?? [])]);
  return { emails: emails.filter((person) => !own.has(person)), unreadable };
}

/** Whom a step pings. If nobody is found, everybody who may decide: a request must not lie unseen. */
function notified(asked: Asked, { notify }: RuleStep, approvers: readonly string[]): readonly string[] {
  if (notify === undefined) return approvers;
  if (notify === "none") return [];
  const { policy, facts } = asked;
  const found =
    groupOf(notify) === undefined
      ? approversOnCall(approvers, peopleOnCall(policy, facts.memberships).emails)
      : othersAmong(asked, [notify]).emails;
  return found.length > 0 ? found : approvers;
}

function approversOnCall(approvers: readonly string[], onCall: readonly string[]): readonly string[] {
  const present = new Set(onCall);
  return approvers.filter((approver) => present.has(approver));
}
