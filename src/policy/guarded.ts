import type { UnknownHandling } from "../domain/drift/drift.ts";
import type { Policy } from "./policy.ts";
import { targetKey } from "./target-key.ts";

/** Something in a provider that only Hallpass should grant. */
export type Guarded = {
  readonly provider: string;
  readonly target: unknown;
  /** Each `resource:role` that stands for it. */
  readonly access: readonly string[];
  /** How to treat people who have it, but not from Hallpass. */
  readonly unknown: UnknownHandling;
};

/** Everything that the roles of a policy grant, and the targets of live grants besides; each target once. */
export function guardedTargets(
  policy: Policy,
  live: readonly { readonly provider: string; readonly target: unknown; readonly access: string }[],
): readonly Guarded[] {
  const named = new Map<string, Guarded>();
  for (const { roles } of policy.resources.values()) {
    for (const { grants } of roles.values()) {
      for (const { resource, role, provider, target } of grants) {
        const unknown = policy.resources.get(resource)?.unknownAccess ?? "report";
        add(named, { provider, target, access: [`${resource}:${role}`], unknown });
      }
    }
  }
  const others = new Map<string, Guarded>();
  for (const { provider, target, access } of live) {
    // If the policy no longer names a target, it does not say what to do about it either.
    if (!named.has(targetKey(provider, target)))
      add(others, { provider, target, access: [access], unknown: "report" });
  }
  return [...named.values(), ...others.values()];
}

function add(guarded: Map<string, Guarded>, one: Guarded): void {
  const key = targetKey(one.provider, one.target);
  const known = guarded.get(key);
  if (!known) {
    guarded.set(key, one);
    return;
  }
  guarded.set(key, {
    ...known,
    access: [...new Set([...known.access, ...one.access])],
    // Access allowed under one name must not be removed under another: if two resources disagree, people decide.
    unknown: known.unknown === one.unknown ? known.unknown : "report",
  });
}
