import { formatDuration } from "../../domain/duration.ts";
import type { Condition } from "../conditions/condition.ts";
import { type Asked, type Objection, conditionHolds, isAbout, objections } from "../decide/match.ts";
import { memberStatus } from "../people.ts";
import type { Rule } from "../policy.ts";
import { groupOf } from "../principal.ts";
import type { NearMiss } from "../decide/refusals.ts";
import { readDuration } from "../conditions/texts.ts";
import { wordObjection } from "./trace.ts";

/** More would not be read, and wording them takes longer than finding them. */
const mostNearMisses = 20;

/**
 * Finds the rules that would have let somebody ask, each with everything that keeps it from matching; those that lack the least
 * come first. Rules for other people are not disclosed, with one exception: somebody who may ask for a role by another rule may
 * know that being on call would do.
 */
export function nearMisses(asked: Asked): readonly NearMiss[] {
  const found = asked.policy.rules.flatMap((rule) => {
    const against = rule.decision === "deny" ? [] : whyNot(rule, asked);
    return against.length === 0 ? [] : [{ rule: rule.name, against }];
  });
  return found
    .toSorted((one, other) => one.against.length - other.against.length)
    .slice(0, mostNearMisses)
    .map(({ rule, against }) => ({ rule, why: against.join(" and ") }));
}

/** Everything certain that speaks against a rule, a phrase each; empty if the person may not know of the rule. */
function whyNot(rule: Rule, asked: Asked): readonly string[] {
  const { resource, ask } = asked;
  const role = resource.roles.get(ask.role);
  // A policy may have a thousand rules: most are about other resources.
  if (!role || !isAbout(rule, resource.name, role)) return [];
  const certain = objections(rule, asked).filter(({ unknown }) => unknown === undefined);
  if (
    certain.some(({ check }) => check === "requesters") &&
    !(isForSchedule(rule, asked) && knowsRole(asked))
  )
    return [];
  return certain.flatMap((objection) => phrases(objection, rule, asked));
}

function isForSchedule({ requesters }: Rule, { policy }: Asked): boolean {
  return requesters.some((principal) => {
    const kind = policy.groups.get(groupOf(principal) ?? "")?.kind;
    return kind === "pagerduty" || kind === "opsgenie";
  });
}

/** Whether another rule has the person among those who may ask for this. */
function knowsRole({ policy, facts, ask, email, resource }: Asked): boolean {
  const role = resource.roles.get(ask.role);
  return policy.rules.some(
    (rule) =>
      role !== undefined &&
      rule.decision !== "deny" &&
      isAbout(rule, resource.name, role) &&
      memberStatus(policy, facts.memberships, rule.requesters, email).is === "in",
  );
}

const notOnCall = "only for those who are on call, which you are not now";

function phrases(objection: Objection, rule: Rule, asked: Asked): readonly string[] {
  if (objection.check === "requesters") return [notOnCall];
  if (objection.check !== "when" || !rule.when) return [wordObjection(objection, rule, asked.policy)];
  const parts = rule.when.parts().filter((part) => {
    const result = conditionHolds(part, asked);
    return "holds" in result && !result.holds;
  });
  return (parts.length === 0 ? [rule.when] : parts).map((part) => wordPart(part, asked));
}

/** Describes one part of a condition for people; in the policy's own words unless it is of a known form. */
function wordPart({ text }: Condition, { ask }: Asked): string {
  const line = text.replace(/\s+/gu, " ").trim();
  if (line === "requester.on_call") return notOnCall;
  const given =
    ask.ticket === undefined || ask.ticket === ""
      ? "you gave none"
      : `yours is ${JSON.stringify(ask.ticket.slice(0, 80))}`;
  if (/^request\.ticket != (?:""|'')$/u.test(line)) return "only with a ticket, and you gave none";
  const [, , pattern] = /^request\.ticket\.matches\(r?(["'])(.+)\1\)$/u.exec(line) ?? [];
  if (pattern !== undefined) return `only with a ticket such as ${pattern}, and ${given}`;
  const [, , most] = /^request\.duration <= duration\((["'])(.+)\1\)$/u.exec(line) ?? [];
  if (most !== undefined)
    return `only for at most ${formatDuration(Number(readDuration(most).seconds))}, and you asked for ${formatDuration(ask.durationSeconds)}`;
  return `only when ${line}`;
}
