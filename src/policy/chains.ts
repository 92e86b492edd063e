import { type Crowd, memberLists } from "./crowds.ts";
import { isAbout } from "./match.ts";
import type { Policy, Role, Rule } from "./policy.ts";
import { groupOf } from "./principal.ts";
import { type RuleWords, wordRule } from "./rule-words.ts";

/** A rule that may come to decide for a crowd, in words. */
export type Link = RuleWords & {
  readonly rule: Rule;
  /** The groups kept elsewhere that one has to be in for the rule to match; none where it surely does. */
  readonly groups: readonly string[];
  /** The same for two links that say the same. */
  readonly key: string;
};

/** What may come to decide, in this order. */
export type Chain = readonly Link[];

/** By each crowd's place: what may come to decide when they ask for a role. */
export type Chains = (resource: string, role: string) => readonly Chain[];

/** Follows crowds through the rules of a policy; a chain ends with the rule that surely decides. */
export function chainsOf(policy: Policy, crowds: readonly Crowd[]): Chains {
  const members = memberLists(policy, crowds);
  const links = new Map<string, LinkFor>();
  /** Of a role, only its limits make a difference. */
  const linkFor = (index: number, rule: Rule, role: Role): LinkFor => {
    const key = `${index} ${JSON.stringify(role.limits)}`;
    const known = links.get(key) ?? linksOf(policy, rule, role);
    links.set(key, known);
    return known;
  };
  return (resourceName, roleName) => {
    const chains = crowds.map((): Link[] => []);
    const role = policy.resources.get(resourceName)?.roles.get(roleName);
    if (!role) return chains;
    const isDecided = new Uint8Array(crowds.length);
    for (const [place, rule] of policy.rules.entries()) {
      if (!isAbout(rule, resourceName, role)) continue;
      const link = linkFor(place, rule, role);
      const isConditional = rule.when ?? rule.hours ?? rule.fromIp;
      const { sure, maybe } = members(rule.requesters);
      const add = (index: number, isSure: boolean): void => {
        const crowd = crowds[index];
        if (!crowd || isDecided[index] === 1) return;
        chains[index]?.push(link(crowd, isSure));
        if (isSure && !isConditional) isDecided[index] = 1;
      };
      for (const index of sure) add(index, true);
      for (const index of maybe) add(index, false);
    }
    return chains.map(withoutIdleEnd);
  };
}

/** Where nothing is given afterwards, a deny says what no rule says. */
function withoutIdleEnd(chain: Chain): Chain {
  return chain.slice(0, chain.findLastIndex(({ rule }) => rule.decision !== "deny") + 1);
}

type LinkFor = (crowd: Crowd, isSure: boolean) => Link;

function linksOf(policy: Policy, rule: Rule, role: Role): LinkFor {
  const words = wordRule(policy, rule, role);
  const elsewhere = rule.requesters.flatMap((principal) => {
    const group = groupOf(principal);
    return group !== undefined && policy.groups.get(group)?.kind !== "members" ? [group] : [];
  });
  const link = (groups: readonly string[], alsoIn: readonly string[]): Link => {
    const among = groups.length === 0 ? [] : [`in ${groups.map((group) => `group:${group}`).join(" or ")}`];
    // The same condition says another thing of somebody who is in other groups.
    const known = alsoIn.length === 0 ? [] : [`being in ${alsoIn.join(", ")}`];
    const conditions = [...among, ...words.conditions, ...known];
    const said = { ...words, conditions };
    return { ...said, rule, groups, key: JSON.stringify(said) };
  };
  if (rule.when?.uses.has("groups") === true)
    return (crowd, isSure) => link(isSure ? [] : elsewhere, groupsRead(policy, rule, crowd));
  const [sure, maybe] = [link([], []), link(elsewhere, [])];
  return (_, isSure) => (isSure ? sure : maybe);
}

/** The groups of a crowd that a rule's condition looks for. */
function groupsRead(
  policy: Policy,
  { when }: Rule,
  { people: [person], group: elsewhere }: Crowd,
): readonly string[] {
  const text = when?.text ?? "";
  const named = [...policy.groups.keys()].filter((name) => text.includes(name));
  const read = named.length === 0 && text.includes("groups") ? [...policy.groups.keys()] : named;
  return read.filter((name) => {
    const source = policy.groups.get(name);
    return source?.kind === "members" ? source.members.has(person) : name === elsewhere;
  });
}

/** The part of a chain that is so whoever is in groups kept elsewhere. */
export function sureLinks(chain: Chain): Chain {
  return withoutIdleEnd(chain.filter(({ groups }) => groups.length === 0));
}

export function isSameChain(one: Chain, other: Chain): boolean {
  return one.length === other.length && one.every(({ key }, index) => key === other[index]?.key);
}

/** What one chain says and the other does not, with what both begin and end with left out. */
export function differenceOf(old: Chain, fresh: Chain): { readonly removed: Chain; readonly added: Chain } {
  const same = (a: Link | undefined, b: Link | undefined): boolean => a !== undefined && a.key === b?.key;
  let start = 0;
  while (same(old[start], fresh[start])) start += 1;
  let end = 0;
  const room = Math.min(old.length, fresh.length) - start;
  while (end < room && same(old.at(-1 - end), fresh.at(-1 - end))) end += 1;
  return { removed: old.slice(start, old.length - end), added: fresh.slice(start, fresh.length - end) };
}

/** Words for links one after another; of `besides`, the terms that both have are left out. */
export function wordChain(chain: Chain, besides: Chain = []): string {
  const known = chain.length === 1 && besides.length === 1 ? (besides[0]?.terms ?? []) : [];
  return chain
    .map(({ conditions, answer, terms }) => {
      const told = terms.filter((term, index) => index === 0 || !known.includes(term));
      return `${conditions.map((each) => `${each}: `).join("")}${[answer, ...told].join(", ")}`;
    })
    .join("; else ");
}
