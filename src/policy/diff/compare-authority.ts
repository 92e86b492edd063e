import type { Chain } from "./chains.ts";
import type { Cohort } from "../cohorts.ts";
import { noMemberships, peopleAmong } from "../people.ts";
import type { Policy, ReviewRule } from "../policy.ts";
import { groupOf } from "../principal.ts";

/** What a person may do about other people's requests, or at once. */
export type Authority = "approve" | "escalated" | "take" | "review";

/** What somebody with an authority can do, in words. */
export const authorityWords: ReadonlyMap<Authority, (access: string) => string> = new Map([
  ["approve", (access: string) => `approve ${access}`],
  ["escalated", (access: string) => `approve ${access} once it is escalated`],
  ["take", (access: string) => `take ${access} at once (break-glass)`],
  ["review", (access: string) => `review break-glass of ${access}`],
]);

/** By the chains of a role: who has which authority; people by e-mail address, others as `whoever is in group:NAME`. */
export type Authorities = (chains: readonly Chain[]) => ReadonlyMap<Authority, ReadonlySet<string>>;

/** Finds who has which authority under a policy. */
export function authoritiesOf(policy: Policy, cohorts: readonly Cohort[]): Authorities {
  const lists = new Map<string, ReadonlySet<string>>();
  const namesOf = (principals: readonly string[]): ReadonlySet<string> => {
    const key = principals.join("\n");
    const names = lists.get(key) ?? namesAmong(policy, principals);
    lists.set(key, names);
    return names;
  };
  return (chains) => {
    const found = new Map<Authority, Set<string>>(
      [...authorityWords.keys()].map((each) => [each, new Set()]),
    );
    const given = new Set<string>();
    const give = (
      authority: Authority,
      principals: readonly string[],
      onlyAsker: string | undefined,
    ): void => {
      const key = [authority, onlyAsker, ...principals].join("\n");
      if (given.has(key)) return;
      given.add(key);
      for (const name of namesOf(principals)) if (name !== onlyAsker) found.get(authority)?.add(name);
    };
    for (const [rule, askers] of askersOf(cohorts, chains)) {
      const onlyAsker = askers.length === 1 ? askers[0] : undefined;
      for (const { from } of rule.steps) give("approve", from, onlyAsker);
      if (rule.escalate) give("escalated", rule.escalate.to, onlyAsker);
      if (rule.breakGlass) give("review", rule.breakGlass.reviewBy, onlyAsker);
      if (rule.breakGlass) give("take", rule.breakGlass.by, undefined);
    }
    // Escalation adds nothing for people who approve anyway.
    for (const name of found.get("approve") ?? []) found.get("escalated")?.delete(name);
    return found;
  };
}

/** The people who may ask under each review rule; two are enough, for then nobody is the only one. */
function askersOf(
  cohorts: readonly Cohort[],
  chains: readonly Chain[],
): ReadonlyMap<ReviewRule, readonly string[]> {
  const askers = new Map<ReviewRule, readonly string[]>();
  for (const [index, chain] of chains.entries()) {
    for (const { rule, groups } of chain) {
      if (rule.decision !== "review") continue;
      const known = askers.get(rule) ?? [];
      if (known.length > 1) continue;
      const cohort = groups.length > 0 ? [] : (cohorts[index]?.people.slice(0, 2) ?? []);
      askers.set(rule, [...known, ...cohort]);
    }
  }
  return askers;
}

/** Everybody that principals stand for, and the external groups among them. */
export function namesAmong(policy: Policy, principals: readonly string[]): ReadonlySet<string> {
  const groups = principals.flatMap((principal) => {
    const group = groupOf(principal);
    return group !== undefined && policy.groups.get(group)?.kind !== "members"
      ? [`whoever is in ${principal}`]
      : [];
  });
  const isEverybody = principals.includes("everyone");
  const listed = principals.filter((principal) => principal !== "everyone");
  const { emails } = peopleAmong(policy, noMemberships, listed);
  return new Set([...emails, ...groups, ...(isEverybody ? ["everybody"] : [])]);
}
