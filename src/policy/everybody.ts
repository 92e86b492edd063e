import type { Policy } from "./policy.ts";
import { isEmail } from "./principal.ts";

/** Stands for anybody the policy does not name: only `everyone` includes them. */
export const anybodyElse = "anybody-else@policy.invalid";

/** Yields everybody whom the policy names as a requester, or maps to a provider's name; some more than once. */
export function* knownPeople(policy: Policy): Generator<string> {
  yield* policy.people.keys();
  for (const group of policy.groups.values()) if (group.kind === "members") yield* group.members;
  for (const { requesters } of policy.rules) yield* requesters.filter(isEmail);
}

/** Every address the policy names, for whatever purpose. */
export function everybodyNamed(policy: Policy): ReadonlySet<string> {
  const { admins, auditors } = policy.settings;
  const deciding = policy.rules.flatMap((rule) =>
    rule.decision === "review"
      ? [
          ...rule.steps.flatMap(({ from }) => from),
          ...(rule.breakGlass?.reviewBy ?? []),
          ...(rule.escalate?.to ?? []),
        ]
      : [],
  );
  return new Set([...knownPeople(policy), ...[...admins, ...auditors, ...deciding].filter(isEmail)]);
}

/** Lists every role of every resource, in the policy's order. */
export function everyRole(policy: Policy): readonly { readonly resource: string; readonly role: string }[] {
  return [...policy.resources.values()].flatMap(({ name, roles }) =>
    [...roles.keys()].map((role) => ({ resource: name, role })),
  );
}

/** Everybody to whom a policy gives a name in some provider, sorted. */
export function everybodyMapped(policies: readonly Policy[]): readonly string[] {
  return [...new Set(policies.flatMap(({ people }) => [...people.keys()]))].toSorted();
}
