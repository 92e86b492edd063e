import { anybodyElse, knownPeople } from "./everybody.ts";
import type { Policy } from "./policy.ts";
import { groupOf, isEmail, normalEmail } from "./principal.ts";

/**
 * People whom all rules treat alike, so that five thousand are checked as a few dozen. Who is in an external group is not known
 * here, so each such group is a cohort of its own, of people who are in no other group.
 */
export type Cohort = {
  /** E-mail addresses, sorted; `anybodyElse` stands for people whom the policies do not name. */
  readonly people: readonly [string, ...string[]];
  /** The external group that these people are in. */
  readonly group?: string;
};

/** Divides everybody into the cohorts that the policies tell apart. */
export function cohortsOf(policies: readonly Policy[]): readonly Cohort[] {
  const named = new Set(
    policies.flatMap(({ rules }) => rules.flatMap(({ requesters }) => requesters.filter(isEmail))),
  );
  const groupsOf = new Map<string, string[]>();
  for (const policy of policies)
    for (const person of knownPeople(policy)) groupsOf.set(normalEmail(person), []);
  for (const [version, { groups }] of policies.entries()) {
    for (const [name, source] of groups)
      if (source.kind === "members")
        for (const member of source.members) groupsOf.get(member)?.push(`${version}:${name}`);
  }
  const byLikeness = new Map<string, [string, ...string[]]>();
  for (const [person, groups] of groupsOf) {
    const likeness = [...groups, ...(named.has(person) ? [person] : [])].join("\n");
    const alike = byLikeness.get(likeness);
    if (alike) alike.push(person);
    else byLikeness.set(likeness, [person]);
  }
  const elsewhere = new Set(
    policies.flatMap(({ groups }) => [...groups.keys()]).filter((name) => isElsewhere(policies, name)),
  );
  return [
    ...[...byLikeness.values()].map((people) => ({ people: sorted(people) })),
    { people: [anybodyElse] },
    ...[...elsewhere].map((group): Cohort => ({ people: [anybodyElse], group })),
  ];
}

function sorted([first, ...rest]: readonly [string, ...string[]]): readonly [string, ...string[]] {
  const [least = first, ...others] = [first, ...rest].toSorted();
  return [least, ...others];
}

/** Whether a group is external in every policy that has it. */
function isElsewhere(policies: readonly Policy[], name: string): boolean {
  return policies.every(({ groups }) => groups.get(name)?.kind !== "members");
}

/** Places in the list of cohorts; `maybe`: cohorts with people who may be in an external group. */
type Members = { readonly sure: readonly number[]; readonly maybe: readonly number[] };

/** Returns which cohorts are among the requesters of a rule; a thousand rules name the same few, so each list is made once. */
export function memberLists(
  policy: Policy,
  cohorts: readonly Cohort[],
): (requesters: readonly string[]) => Members {
  const byPrincipal = placesByPrincipal(policy, cohorts);
  const lists = new Map<string, Members>();
  return (requesters) => {
    const key = requesters.join("\n");
    const known = lists.get(key);
    if (known) return known;
    const sure = new Set(requesters.flatMap((principal) => byPrincipal.get(principal) ?? []));
    const isOpen = requesters.some((principal) => {
      const group = groupOf(principal);
      return group !== undefined && policy.groups.get(group)?.kind !== "members";
    });
    const others = [...cohorts.keys()].filter(
      (index) => cohorts[index]?.group === undefined && !sure.has(index),
    );
    const members = { sure: [...sure], maybe: isOpen ? others : [] };
    lists.set(key, members);
    return members;
  };
}

function placesByPrincipal(
  policy: Policy,
  cohorts: readonly Cohort[],
): ReadonlyMap<string, readonly number[]> {
  const places = new Map<string, readonly number[]>([["everyone", [...cohorts.keys()]]]);
  for (const [index, { people, group }] of cohorts.entries()) {
    if (group !== undefined) places.set(`group:${group}`, [index]);
    // A person named by a rule is a cohort of one.
    else if (people.length === 1) places.set(people[0], [index]);
  }
  for (const [name, source] of policy.groups) {
    if (source.kind !== "members") continue;
    const isIn = ({ people, group }: Cohort): boolean => group === undefined && source.members.has(people[0]);
    places.set(
      `group:${name}`,
      [...cohorts.entries()].flatMap(([index, cohort]) => (isIn(cohort) ? [index] : [])),
    );
  }
  return places;
}
