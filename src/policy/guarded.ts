import type { UnknownHandling } from "../domain/drift.ts";
import type { Policy } from "./policy.ts";
import { targetKey } from "./target-key.ts";

/** Something in a provider that only Hallpass is to give. */
export type Guarded = {
  readonly provider: string;
  readonly target: unknown;
  /** Each `resource:role` that stands for it. */
  readonly access: readonly string[];
  /** What is done about those who have it by nobody's doing here. */
  readonly unknown: UnknownHandling;
};

/** All that the roles of a policy grant, and what live grants are for besides; each target once. */
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
    // Of what the policy does not name any more, it does not say what to do either.
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
    // Whoever has it by one name is not to lose it by another: where two resources disagree, people decide.
    unknown: known.unknown === one.unknown ? known.unknown : "report",
  });
}
