import { type Chain, chainsOf, differenceOf, isSameChain, sureLinks, wordChain } from "./chains.ts";
import { type Authority, authoritiesOf, authorityWords, namesAmong } from "./compare-authority.ts";
import { compareSettings } from "./compare-settings.ts";
import { type Cohort, cohortsOf } from "../cohorts.ts";
import { anybodyElse, everyRole } from "../everybody.ts";
import type { Policy } from "../policy.ts";
import { isEmail } from "../principal.ts";

/** The same change for one or several people. */
export type PolicyChange = {
  /**
   * E-mail addresses, sorted; `anybody else` for people whom neither policy names; `whoever is in group:NAME`; empty for a change
   * of the policy itself.
   */
  readonly people: readonly string[];
  /** What is different for them: "may now ask for orders-db:read: at once, at most 8h". */
  readonly what: string;
};

type Note = (people: readonly string[], what: string) => void;

/**
 * Finds what changes for whom from one policy to another. For everybody and every role, it compares in words which rules may
 * decide, including conditions and terms, so the result holds at any time and for any ticket. Names of rules, and their order where
 * it makes no difference, are not compared. Pure.
 */
export function comparePolicies(before: Policy, after: Policy): readonly PolicyChange[] {
  const byChange = new Map<string, Set<string>>();
  const note: Note = (people, what) => {
    if (people.length === 0) return;
    const known = byChange.get(what) ?? new Set();
    for (const person of people) known.add(person);
    byChange.set(what, known);
  };
  const cohorts = cohortsOf([before, after]);
  const [oldChains, freshChains] = [chainsOf(before, cohorts), chainsOf(after, cohorts)];
  const [oldAuthorities, freshAuthorities] = [authoritiesOf(before, cohorts), authoritiesOf(after, cohorts)];
  const roles = new Map(
    [before, after].flatMap(everyRole).map((at) => [`${at.resource}:${at.role}`, at] as const),
  );
  for (const [access, { resource, role }] of [...roles].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const old = oldChains(resource, role);
    const fresh = freshChains(resource, role);
    noteAnswers(access, cohorts, old, fresh, note);
    noteAuthorities(access, oldAuthorities(old), freshAuthorities(fresh), note);
  }
  noteOffices(before, after, note);
  return [
    ...[...byChange].map(([what, people]) => ({ people: inOrder(people), what })),
    ...compareSettings(before, after).map((what) => ({ people: [], what })),
  ];
}

/** Sorts names, e-mail addresses first. */
function inOrder(people: ReadonlySet<string>): readonly string[] {
  const sorted = [...people].toSorted();
  return [...sorted.filter(isEmail), ...sorted.filter((person) => !isEmail(person))];
}

function namesOf({ people, group }: Cohort): readonly string[] {
  if (group !== undefined) return [`whoever is in group:${group}`];
  return people.map((person) => (person === anybodyElse ? "anybody else" : person));
}

function noteAnswers(
  access: string,
  cohorts: readonly Cohort[],
  oldChains: readonly Chain[],
  freshChains: readonly Chain[],
  note: Note,
): void {
  const told = new Set<string>();
  const open: (() => void)[] = [];
  for (const [index, cohort] of cohorts.entries()) {
    const [old = [], fresh = []] = [oldChains[index], freshChains[index]];
    if (isSameChain(old, fresh)) continue;
    const tell = (): void => note(namesOf(cohort), wordChange(access, old, fresh));
    if (!isSameChain(sureLinks(old), sureLinks(fresh))) {
      tell();
      if (cohort.group !== undefined) told.add(cohort.group);
      continue;
    }
    const { removed, added } = differenceOf(old, fresh);
    const groups = [...removed, ...added].flatMap((link) => link.groups);
    // A change that concerns only members of a group is reported for the group, if it concerns all of them.
    open.push(() => {
      const isKept = groups.every((name) => cohorts.some(({ group }) => group === name));
      if (isKept && !groups.some((name) => told.has(name))) tell();
    });
  }
  for (const tell of open) tell();
}

function wordChange(access: string, old: Chain, fresh: Chain): string {
  if (fresh.length === 0) return `may no longer ask for ${access} (before: ${wordChain(old)})`;
  if (old.length === 0) return `may now ask for ${access}: ${wordChain(fresh)}`;
  const { removed, added } = differenceOf(old, fresh);
  const terms = `may ask for ${access} on other terms:`;
  if (removed.length === 0) return `${terms} now also ${wordChain(added)}`;
  if (added.length === 0) return `${terms} no longer ${wordChain(removed)}`;
  return `${terms} ${wordChain(added, removed)} (before: ${wordChain(removed, added)})`;
}

const noNames: ReadonlySet<string> = new Set();

function noteAuthorities(
  access: string,
  old: ReadonlyMap<Authority, ReadonlySet<string>>,
  fresh: ReadonlyMap<Authority, ReadonlySet<string>>,
  note: Note,
): void {
  for (const [authority, word] of authorityWords) {
    const had = old.get(authority) ?? noNames;
    const has = fresh.get(authority) ?? noNames;
    note(
      [...has].filter((name) => !had.has(name)),
      `can now ${word(access)}`,
    );
    note(
      [...had].filter((name) => !has.has(name)),
      `can no longer ${word(access)}`,
    );
  }
}

function noteOffices(before: Policy, after: Policy, note: Note): void {
  for (const [office, deed] of [
    ["admins", "administer Hallpass"],
    ["auditors", "read everybody's requests and the audit"],
  ] as const) {
    const [had, has] = [before, after].map((policy) => namesAmong(policy, policy.settings[office]));
    note(
      [...(has ?? [])].filter((name) => had?.has(name) !== true),
      `can now ${deed}`,
    );
    note(
      [...(had ?? [])].filter((name) => has?.has(name) !== true),
      `can no longer ${deed}`,
    );
  }
}
