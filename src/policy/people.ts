import type { Membership, Memberships } from "./membership.ts";
import type { Policy } from "./policy.ts";
import { groupOf, isEmail, normalEmail } from "./principal.ts";

/** Whether a person is among principals; unknown if a group that could include them cannot be read. */
export type MemberStatus = { readonly is: "in" | "out" } | { readonly is: "unknown"; readonly why: string };

/** For policies that list all members themselves. */
export const noMemberships: Memberships = new Map();

/** Who is in a group of the policy, or why that is unknown. */
function membershipOf(policy: Policy, memberships: Memberships, group: string): Membership {
  const source = policy.groups.get(group);
  if (source?.kind === "members") return { isKnown: true, members: source.members };
  return memberships.get(group) ?? { isKnown: false, why: `the group ${group} was not read` };
}

/** Whether a person is among principals. Nobody without an e-mail address is among any, not even `everyone`. */
export function memberStatus(
  policy: Policy,
  memberships: Memberships,
  principals: readonly string[],
  email: string,
): MemberStatus {
  const person = normalEmail(email);
  if (!isEmail(person)) return { is: "out" };
  let unknown: string | undefined;
  for (const principal of principals) {
    if (principal === "everyone" || principal === person) return { is: "in" };
    const group = groupOf(principal);
    if (group === undefined) continue;
    const membership = membershipOf(policy, memberships, group);
    if (!membership.isKnown) unknown ??= membership.why;
    else if (membership.members.has(person)) return { is: "in" };
  }
  return unknown === undefined ? { is: "out" } : { is: "unknown", why: unknown };
}

/** Combines the standings of a person's addresses: being in by one of them is enough. */
export function anyMemberStatus(standings: readonly MemberStatus[]): MemberStatus {
  return (
    standings.find(({ is }) => is === "in") ?? standings.find(({ is }) => is === "unknown") ?? { is: "out" }
  );
}

/** Whether a person is known to be among the principals. */
export function isAmong(
  policy: Policy,
  memberships: Memberships,
  principals: readonly string[],
  email: string,
): boolean {
  return memberStatus(policy, memberships, principals, email).is === "in";
}

/** Whether a person administers Hallpass. */
export function isAdmin(policy: Policy, memberships: Memberships, email: string): boolean {
  return isAmong(policy, memberships, policy.settings.admins, email);
}

/** Whether a person may read everybody's requests and the audit log. */
export function isAuditor(policy: Policy, memberships: Memberships, email: string): boolean {
  return isAmong(policy, memberships, policy.settings.auditors, email);
}

/** Everybody that principals stand for. */
export type People = {
  /** Distinct e-mail addresses, sorted. */
  readonly emails: readonly string[];
  /** Why there may be more of them. */
  readonly unreadable: readonly string[];
};

type Lists = Map<string, People>;
const listsOf = new WeakMap<Policy, WeakMap<Memberships, Lists>>();

/** Lists everybody that principals stand for; a thousand rules name the same few, so each list is made once and shared. */
export function peopleAmong(policy: Policy, memberships: Memberships, principals: readonly string[]): People {
  const byMemberships = listsOf.get(policy) ?? new WeakMap<Memberships, Lists>();
  listsOf.set(policy, byMemberships);
  const lists = byMemberships.get(memberships) ?? new Map<string, People>();
  byMemberships.set(memberships, lists);
  const key = principals.join("\n");
  const people = lists.get(key) ?? listPeople(policy, memberships, principals);
  lists.set(key, people);
  return people;
}

function listPeople(policy: Policy, memberships: Memberships, principals: readonly string[]): People {
  const emails = new Set<string>();
  const unreadable: string[] = [];
  for (const principal of principals) {
    const group = groupOf(principal);
    if (group === undefined) {
      emails.add(normalEmail(principal));
      continue;
    }
    const membership = membershipOf(policy, memberships, group);
    if (!membership.isKnown) unreadable.push(membership.why);
    else for (const member of membership.members) emails.add(normalEmail(member));
  }
  return { emails: [...emails].toSorted(), unreadable };
}

/** The groups a person is in, and why there may be others. */
export function groupsWith(
  policy: Policy,
  memberships: Memberships,
  email: string,
): {
  readonly groups: readonly string[];
  readonly isOnCall: boolean;
  readonly unreadable: readonly string[];
  /** Those of them that concern on-call schedules. */
  readonly unreadableSchedules: readonly string[];
} {
  const groups: string[] = [];
  const unreadableSchedules: string[] = [];
  const unreadable: string[] = [];
  let isOnCall = false;
  for (const [name, { kind }] of policy.groups) {
    const membership = membershipOf(policy, memberships, name);
    const isSchedule = kind === "pagerduty" || kind === "opsgenie";
    if (!membership.isKnown) {
      unreadable.push(membership.why);
      if (isSchedule) unreadableSchedules.push(membership.why);
    } else if (membership.members.has(email)) {
      groups.push(name);
      isOnCall ||= isSchedule;
    }
  }
  // A person on call by one schedule is on call, whatever another would say.
  return { groups, isOnCall, unreadable, unreadableSchedules: isOnCall ? [] : unreadableSchedules };
}

/** Everybody on call now by any schedule the policy names. */
export function peopleOnCall(policy: Policy, memberships: Memberships): People {
  const schedules = [...policy.groups]
    .filter(([, { kind }]) => kind === "pagerduty" || kind === "opsgenie")
    .map(([name]) => `group:${name}`);
  return peopleAmong(policy, memberships, schedules);
}
