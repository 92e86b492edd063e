import { type Cohort, memberLists } from "../cohorts.ts";
import { isAbout } from "../decide/match.ts";
import type { Policy, Role, Rule } from "../policy.ts";
import { groupOf } from "../principal.ts";
import { type RuleWords, wordRule } from "./rule-words.ts";

/** A rule that may decide for a cohort, in words. */
export type Link = RuleWords & {
  readonly rule: Rule;
  /** External groups: a person must be in one of them for the rule to match; empty if it surely matches. */
  readonly groups: readonly string[];
  /** Equal for two links that say the same. */
  readonly key: string;
};

/** The rules that may decide, in order. */
export type Chain = readonly Link[];

/** For each cohort, by its place: the rules that may decide when it asks for a role. */
export type Chains = (resource: string, role: string) => readonly Chain[];

/** Follows cohorts through the rules of a policy; a chain ends with the rule that surely decides. */
export function chainsOf(policy: Policy, cohorts: readonly Cohort[]): Chains {
  const members = memberLists(policy, cohorts);
  const links = new Map<string, LinkFor>();
  /** Only the limits of a role make a difference. */
  const linkFor = (index: number, rule: Rule, role: Role): LinkFor => {
    const key = `${index} ${JSON.stringify(role.limits)}`;
    const known = links.get(key) ?? linksOf(policy, rule, role);
    links.set(key, known);
    return known;
  };
  return (resourceName, roleName) => {
    const chains = cohorts.map((): Link[] => []);
    const role = policy.resources.get(resourceName)?.roles.get(roleName);
    if (!role) return chains;
    const isDecided = new Uint8Array(cohorts.length);
    for (const [place, rule] of policy.rules.entries()) {
      if (!isAbout(rule, resourceName, role)) continue;
      const link = linkFor(place, rule, role);
      const isConditional = rule.when ?? rule.hours ?? rule.fromIp;
      const { sure, maybe } = members(rule.requesters);
      const add = (index: number, isSure: boolean): void => {
        const cohort = cohorts[index];
        if (!cohort || isDecided[index] === 1) return;
        chains[index]?.push(link(cohort, isSure));
        if (isSure && !isConditional) isDecided[index] = 1;
      };
      for (const index of sure) add(index, true);
      for (const index of maybe) add(index, false);
    }
    return chains.map(withoutIdleEnd);
  };
}

/** A deny with nothing given after it says no more than no rule at all. */
function withoutIdleEnd(chain: Chain): Chain {
  return chain.slice(0, chain.findLastIndex(({ rule }) => rule.decision !== "deny") + 1);
}

type LinkFor = (cohort: Cohort, isSure: boolean) => Link;

function linksOf(policy: Policy, rule: Rule, role: Role): LinkFor {
  const words = wordRule(policy, rule, role);
  const elsewhere = rule.requesters.flatMap((principal) => {
    const group = groupOf(principal);
    return group !== undefined && policy.groups.get(group)?.kind !== "members" ? [group] : [];
  });
  const link = (groups: readonly string[], alsoIn: readonly string[]): Link => {
    const among = groups.length === 0 ? [] : [`in ${groups.map((group) => `group:${group}`).join(" or ")}`];
    // The same condition means something else for a person in other groups.
    const known = alsoIn.length === 0 ? [] : [`being in ${alsoIn.join(", ")}`];
    const conditions = [...among, ...words.conditions, ...known];
    const said = { ...words, conditions };
    return { ...said, rule, groups, key: JSON.stringify(said) };
  };
  if (rule.when?.uses.has("groups") === true)
    return (cohort, isSure) => link(isSure ? [] : elsewhere, groupsRead(policy, rule, cohort));
  const [sure, maybe] = [link([], []), link(elsewhere, [])];
  return (_, isSure) => (isSure ? sure : maybe);
}

/** A cohort's groups that a rule's condition looks for. */
function groupsRead(
  policy: Policy,
  { when }: Rule,
  { people: [person], group: elsewhere }: Cohort,
): readonly string[] {
  const text = when?.text ?? "";
  const named = [...policy.groups.keys()].filter((name) => text.includes(name));
  const read = named.length === 0 && text.includes("groups") ? [...policy.groups.keys()] : named;
  return read.filter((name) => {
    const source = policy.groups.get(name);
    return source?.kind === "members" ? source.members.has(person) : name === elsewhere;
  });
}

/** The part of a chain that does not depend on who is in external groups. */
export function sureLinks(chain: Chain): Chain {
  return withoutIdleEnd(chain.filter(({ groups }) => groups.length === 0));
}

/** Whether two chains say the same. */
export function isSameChain(one: Chain, other: Chain): boolean {
  return one.length === other.length && one.every(({ key }, index) => key === other[index]?.key);
}

/** What one chain has and the other lacks, without what both begin and end with. */
export function differenceOf(old: Chain, fresh: Chain): { readonly removed: Chain; readonly added: Chain } {
  const same = (a: Link | undefined, b: Link | undefined): boolean => a !== undefined && a.key === b?.key;
  let start = 0;
  while (same(old[start], fresh[start])) start += 1;
  let end = 0;
  const room = Math.min(old.length, fresh.length) - start;
  while (end < room && same(old.at(-1 - end), fresh.at(-1 - end))) end += 1;
  return { removed: old.slice(start, old.length - end), added: fresh.slice(start, fresh.length - end) };
}

/** Describes links one after another, without the terms that `besides` has too. */
export function wordChain(chain: Chain, besides: Chain = []): string {
  const known = chain.length === 1 && besides.length === 1 ? (besides[0]?.terms ?? []) : [];
  return chain
    .map(({ conditions, answer, terms }) => {
      const told = terms.filter((term, index) => index === 0 || !known.includes(term));
      return `${conditions.map((each) => `${each}: `).join("")}${[answer, ...told].join(", ")}`;
    })
    .join("; else ");
}
