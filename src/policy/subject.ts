import type { Policy } from "./policy.ts";
import { isEmail, normalEmail } from "./schema.ts";

/**
 * The name a provider knows a person by: the policy's mapping, else what stands before the `@`.
 * `undefined` when there is none, or when somebody else the policy knows goes by it too: one person's grant would be the
 * other's access, and one's end would take the other's away.
 */
export function subjectFor(policy: Policy, provider: string, email: string): string | undefined {
  const person = normalEmail(email);
  const subject = nameOf(policy, provider, person);
  if (subject === undefined) return undefined;
  for (const other of knownPeople(policy)) {
    if (other !== person && nameOf(policy, provider, other) === subject) return undefined;
  }
  return subject;
}

function nameOf(policy: Policy, provider: string, person: string): string | undefined {
  const mapped = policy.people.get(person)?.get(provider);
  if (mapped !== undefined) return mapped;
  return isEmail(person) ? person.slice(0, person.indexOf("@")) : undefined;
}

/** Everybody the policy names. */
function* knownPeople(policy: Policy): Generator<string> {
  yield* policy.people.keys();
  for (const members of policy.groups.values()) yield* members;
  for (const { requesters } of policy.rules) yield* requesters.filter(isEmail);
}
