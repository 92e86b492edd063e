import { anybodyElse, knownPeople } from "./everybody.ts";
import { noMemberships, standingAmong } from "./people.ts";
import type { Policy } from "./policy.ts";
import { groupOf, isEmail, normalEmail } from "./principal.ts";

/**
 * People who are alike to all rules, so that five thousand are looked at as a few dozen. Who is in a group kept elsewhere
 * is not known here: such a group is a crowd of its own, of people who are in no other.
 */
export type Crowd = {
  /** E-mail addresses, sorted; `anybodyElse` stands for whom the policies do not name. */
  readonly people: readonly [string, ...string[]];
  /** The group kept elsewhere that these people are in. */
  readonly group?: string;
};

/** Everybody that the policies tell apart. */
export function crowdsOf(policies: readonly Policy[]): readonly Crowd[] {
  const named = new Set(policies.flatMap(({ rules }) => rules.flatMap(({ requesters }) => requesters.filter(isEmail))));
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
  const elsewhere = new Set(policies.flatMap((policy) => [...policy.groups.keys()].filter((name) => isElsewhere(policies, name))));
  return [
    ...byLikeness.values(),
    [anybodyElse] satisfies [string],
  ].map((people): Crowd => ({ people: sorted(people) })).concat(
    [...elsewhere].map((group): Crowd => ({ people: [anybodyElse], group })),
  );
}

function sorted([first, ...rest]: readonly [string, ...string[]]): readonly [string, ...string[]] {
  const [least = first, ...others] = [first, ...rest].toSorted();
  return [least, ...others];
}

/** Whether a group is kept elsewhere wherever it is. */
function isElsewhere(policies: readonly Policy[], name: string): boolean {
  return policies.every(({ groups }) => groups.get(name)?.kind !== "members");
}

/** Whether a crowd is among principals; `unknown` where some of them may be in a group kept elsewhere. */
function crowdStanding(policy: Policy, principals: readonly string[], { people: [person], group }: Crowd): "in" | "out" | "unknown" {
  if (group !== undefined && principals.some((principal) => groupOf(principal) === group)) return "in";
  const { is } = standingAmong(policy, noMemberships, principals, person);
  return is === "unknown" && group !== undefined ? "out" : is;
}

/** Places in the list of crowds. */
type Members = { readonly sure: readonly number[]; readonly maybe: readonly number[] };

/** Which crowds are among principals; a thousand rules name the same few, so each list is made once. */
export function memberLists(policy: Policy, crowds: readonly Crowd[]): (principals: readonly string[]) => Members {
  const lists = new Map<string, Members>();
  return (principals) => {
    const key = principals.join("\n");
    const known = lists.get(key);
    if (known) return known;
    const standing = crowds.map((crowd) => crowdStanding(policy, principals, crowd));
    const list = (is: string): readonly number[] => [...standing.keys()].filter((index) => standing[index] === is);
    const members = { sure: list("in"), maybe: list("unknown") };
    lists.set(key, members);
    return members;
  };
}
