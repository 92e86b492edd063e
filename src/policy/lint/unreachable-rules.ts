import { quoted } from "../../domain/text.ts";
import { cohortsOf, memberLists } from "../cohorts.ts";
import { wordHours } from "../hours.ts";
import { isAbout } from "../decide/match.ts";
import type { Policy, Rule } from "../policy.ts";
import { listed } from "../language/source.ts";

/** For whom each rule may decide; rules are given by their place. */
export type Reach = {
  /** Whether this person's request may reach this rule. */
  readonly reaches: (rule: number, person: string) => boolean;
  /** Why a rule never decides anything; `undefined` if it may. */
  readonly whyIdle: (rule: number) => string | undefined;
};

/**
 * Follows every cohort through the rules of every role. A rule stops those it surely decides for: people who may be in an external
 * group go on, and so does everybody if a condition may not hold, except past rules with the same condition.
 */
export function reachOf(policy: Policy): Reach {
  const cohorts = cohortsOf([policy]);
  const members = memberLists(policy, cohorts);
  const { rules } = policy;
  const decidesFor = rules.map(() => new Uint8Array(cohorts.length));
  const isDeciding = rules.map(() => false);
  const deciders = rules.map(() => new Set<number>());
  const isCovering = rules.map(() => false);

  for (const covering of coverings(policy)) {
    /** By condition: the rule that decided for each cohort, if that condition holds. */
    const decided = new Map<string, Int32Array>();
    for (const [index, rule] of covering) {
      isCovering[index] = true;
      const earlier = weakerConditions(rule).flatMap((condition) => decided.get(condition) ?? []);
      const own = decided.get(conditionOf(rule)) ?? new Int32Array(cohorts.length).fill(-1);
      decided.set(conditionOf(rule), own);
      // People who may be in an external group are checked as that group.
      const { sure } = members(rule.requesters);
      const pass = (cohort: number): boolean => {
        const first = earlier.find((each) => (each[cohort] ?? -1) !== -1)?.[cohort];
        if (first !== undefined) {
          deciders[index]?.add(first);
          return false;
        }
        decidesFor[index]?.fill(1, cohort, cohort + 1);
        isDeciding[index] = true;
        return true;
      };
      for (const cohort of sure) if (pass(cohort)) own[cohort] = index;
    }
  }

  const cohortOf = new Map(
    cohorts.flatMap(({ people, group }, index) =>
      group === undefined ? people.map((person) => [person, index] as const) : [],
    ),
  );
  return {
    reaches: (rule, person) => decidesFor[rule]?.[cohortOf.get(person) ?? -1] === 1,
    whyIdle(index) {
      const rule = rules[index];
      if (!rule || isDeciding[index] === true) return undefined;
      if (members(rule.requesters).sure.length === 0)
        return `nobody is among the requesters of ${quoted(rule.name)}`;
      if (isCovering[index] !== true) return `no role is covered by ${quoted(rule.name)}`;
      const before = [...(deciders[index] ?? [])]
        .toSorted((a, b) => a - b)
        .map((each) => quoted(rules[each]?.name ?? ""));
      return `all that ${quoted(rule.name)} matches is decided before by ${listed(before)}`;
    },
  };
}

type Placed = readonly [index: number, rule: Rule];

/** The rules of each role; roles with the same rules are checked once. */
function coverings(policy: Policy): readonly (readonly Placed[])[] {
  const placed = [...policy.rules.entries()];
  const found = new Map<string, readonly Placed[]>();
  for (const { name, roles } of policy.resources.values()) {
    for (const role of roles.values()) {
      const covering = placed.filter(([, rule]) => isAbout(rule, name, role));
      found.set(covering.map(([index]) => index).join(), covering);
    }
  }
  return [...found.values()];
}

function conditionsOf({ when, hours, fromIp }: Rule): readonly (string | undefined)[] {
  const days = hours && wordHours(hours);
  return [when?.text, days, fromIp?.written.join(" ")];
}

function conditionOf(rule: Rule): string {
  return JSON.stringify(conditionsOf(rule).map((each) => each ?? null));
}

/** Conditions that hold whenever the rule's own do: every subset of its parts. */
function weakerConditions(rule: Rule): readonly string[] {
  let weaker: readonly (readonly (string | null)[])[] = [[]];
  for (const part of conditionsOf(rule))
    weaker = weaker.flatMap((parts) => [[...parts, null], ...(part === undefined ? [] : [[...parts, part]])]);
  return weaker.map((parts) => JSON.stringify(parts));
}
