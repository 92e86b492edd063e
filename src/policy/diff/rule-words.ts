import { quoted } from "../../domain/text.ts";
import { formatDuration } from "../../domain/duration.ts";
import { wordHours } from "../hours.ts";
import { defaultDurationOf, maxDurationOf } from "../decide/limits.ts";
import type { AllowRule, Limits, Policy, Requirement, ReviewRule, Role, Rule } from "../policy.ts";
import {
  defaultTimeoutSeconds,
  givingKeys,
  reviewKeys,
  type RuleKey,
  wordTerms,
} from "../language/rule-keys.ts";

/** What a rule says about a role, in words; rules that say the same have the same words, whatever they are called. */
export type RuleWords = {
  /** When it applies: `mon-fri 09:00 to 18:00`, `when request.ticket != ""`. */
  readonly conditions: readonly string[];
  /** What it gives: `at once`, `1 of group:leads, then 2 of group:security`, `denied`. */
  readonly answer: string;
  /** Its terms, a phrase each; the longest duration comes first. */
  readonly terms: readonly string[];
};

/** Describes what a rule says about a role. */
export function wordRule(policy: Policy, rule: Rule, role: Role): RuleWords {
  const conditions = [
    ...(rule.hours ? [wordHours(rule.hours)] : []),
    ...(rule.fromIp ? [`from ${rule.fromIp.written.join(", ")}`] : []),
    ...(rule.when ? [`when ${rule.when.text.replace(/\s+/gu, " ").trim()}`] : []),
  ];
  if (rule.decision === "deny") {
    const terms = rule.message === undefined ? [] : [`told ${quoted(rule.message)}`];
    return { conditions, answer: "denied", terms };
  }
  const terms = [
    `at most ${formatDuration(maxDurationOf(role, rule))}`,
    ...givingKeys.flatMap((key) => giving[key]?.(rule, role) ?? wordTerms([key], rule.terms)),
    ...(rule.decision === "review"
      ? reviewKeys.flatMap((key) => reviewing[key]?.(rule) ?? wordTerms([key], rule.reviewTerms))
      : []),
    ...(rule.channel === policy.settings.channel ? [] : [`told in ${rule.channel}`]),
  ];
  return { conditions, answer: rule.decision === "allow" ? "at once" : wordSteps(rule), terms };
}

type Words<Of extends readonly unknown[]> = {
  readonly [Key in RuleKey]?: (...of: Of) => readonly string[];
};

/** Keys that depend on the role too, or that requests do not keep as they stand. */
const giving: Words<[rule: AllowRule | ReviewRule, role: Role]> = {
  requires: ({ requires: { reason, ticket } }) => [
    ...wordRequirements("a reason", reason),
    ...wordRequirements("a ticket", ticket),
  ],
  default_duration(rule, role) {
    const offered = defaultDurationOf(role, rule);
    return offered === undefined ? [] : [`${formatDuration(offered)} unless told`];
  },
  // With the cooldown: first all of the role, then all of the rule.
  max_active: (rule, role) => [
    ...wordCounts("of the role", role.limits),
    ...wordCounts("by the rule", rule.limits),
  ],
};

const reviewing: Words<[rule: ReviewRule]> = {
  approvals: ({ steps }) =>
    steps.flatMap(({ notify, from }) =>
      notify === undefined ? [] : [`${notify} pinged for ${from.join(", ")}`],
    ),
  timeout: ({ timeoutSeconds }) =>
    timeoutSeconds === defaultTimeoutSeconds
      ? []
      : [`expires unanswered after ${formatDuration(timeoutSeconds)}`],
  escalate: ({ escalate }) =>
    escalate ? [`escalated after ${formatDuration(escalate.afterSeconds)} to ${escalate.to.join(", ")}`] : [],
  break_glass: ({ breakGlass }) =>
    breakGlass
      ? [
          `break-glass by ${breakGlass.by.join(", ")}, reviewed within ${formatDuration(breakGlass.withinSeconds)} by ${breakGlass.reviewBy.join(", ")}`,
        ]
      : [],
};

function wordSteps({ steps }: ReviewRule): string {
  return steps.map(({ count, from }) => `${count} of ${from.join(", ")}`).join(", then ");
}

function wordRequirements(what: string, requirement: Requirement | undefined): readonly string[] {
  if (!requirement) return [];
  const { minLength, pattern, message } = requirement;
  return [
    [
      what,
      ...(minLength === undefined ? [] : [`of at least ${minLength} characters`]),
      ...(pattern ? [`like ${pattern.text}`] : []),
      ...(message === undefined ? [] : [`(else told ${quoted(message)})`]),
    ].join(" "),
  ];
}

function wordCounts(of: string, { maxActive, cooldownSeconds }: Limits): readonly string[] {
  return [
    ...(maxActive === undefined ? [] : [`${maxActive} at a time ${of}`]),
    ...(cooldownSeconds === undefined ? [] : [`${formatDuration(cooldownSeconds)} after the last ${of}`]),
  ];
}
