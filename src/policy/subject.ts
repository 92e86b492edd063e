import { knownPeople } from "./everybody.ts";
import type { Policy } from "./policy.ts";
import { isEmail, localPart, normalEmail } from "./principal.ts";

/**
 * The canonical name a provider knows a person by: from the policy's mapping, otherwise what the provider's type makes of the
 * address (by default the part before the `@`). `undefined` if there is none, or if somebody else the policy knows has the same
 * name: one person's grant would be the other's access, and its end would take the other's away.
 */
export function subjectFor(policy: Policy, provider: string, email: string): string | undefined {
  const person = normalEmail(email);
  const subject = nameOf(policy, provider, person);
  if (subject === undefined) return undefined;
  const others = knownBy(policy, provider).get(subject);
  return others === undefined || (others.size === 1 && others.has(person)) ? subject : undefined;
}

/** Everybody the policy names whom a provider knows by this name, in any spelling, sorted. */
export function peopleKnownAs(policy: Policy, provider: string, subject: string): readonly string[] {
  const canonical = policy.providers.get(provider)?.canonicalSubject(subject) ?? subject;
  return [...(knownBy(policy, provider).get(canonical) ?? [])].toSorted();
}

const known = new WeakMap<Policy, Map<string, ReadonlyMap<string, ReadonlySet<string>>>>();

/** Everybody the policy names, by the name the provider knows them by; made once per policy and provider. */
function knownBy(policy: Policy, provider: string): ReadonlyMap<string, ReadonlySet<string>> {
  const byProvider = known.get(policy) ?? new Map<string, ReadonlyMap<string, ReadonlySet<string>>>();
  known.set(policy, byProvider);
  let bySubject = byProvider.get(provider);
  if (!bySubject) {
    bySubject = groupBySubject(policy, provider);
    byProvider.set(provider, bySubject);
  }
  return bySubject;
}

function groupBySubject(policy: Policy, provider: string): ReadonlyMap<string, ReadonlySet<string>> {
  const groups = new Map<string, Set<string>>();
  for (const person of knownPeople(policy)) {
    const subject = nameOf(policy, provider, person);
    if (subject === undefined) continue;
    groups.set(subject, (groups.get(subject) ?? new Set()).add(person));
  }
  return groups;
}

function nameOf(policy: Policy, provider: string, person: string): string | undefined {
  const mapped = policy.people.get(person)?.get(provider);
  if (mapped !== undefined) return mapped;
  if (!isEmail(person)) return undefined;
  const entry = policy.providers.get(provider);
  return entry ? entry.defaultSubject(person) : localPart(person);
}
