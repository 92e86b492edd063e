import type { GrantChange } from "../../domain/audit-event.ts";
import type { PlannedGrant } from "../../domain/request/request.ts";
import type { Evaluation } from "../../policy/decide/evaluate.ts";
import type { TypedInput } from "../../policy/decide/ask.ts";
import { inputFor } from "../../policy/decide/input.ts";
import type { Policy } from "../../policy/policy.ts";
import { subjectFor } from "../../policy/subject.ts";
import { targetKey } from "../../policy/target-key.ts";

/** A grant that an approval by this policy would make. */
export type GrantPlan = Omit<PlannedGrant, "grantId" | "access"> & { readonly access: string };

/** The grants that a policy's answer would make for the person with this address. */
export function planGrants(
  policy: Policy,
  evaluation: Exclude<Evaluation, { verdict: "refuse" }>,
  email: string,
  typed: TypedInput = {},
): readonly GrantPlan[] {
  return evaluation.grants.map(({ resource, role, provider, target }) => {
    const input = inputFor(policy, provider, typed);
    return {
      access: `${resource}:${role}`,
      provider,
      subject: subjectFor(policy, provider, email) ?? "",
      target,
      ...(input && { input: [...input] }),
    };
  });
}

/** Differences between the grants shown to those who decide and those that would be made today. */
export function grantChanges(
  shown: readonly PlannedGrant[],
  today: readonly GrantPlan[],
): readonly GrantChange[] {
  const before = new Map(shown.map((grant, index) => [grant.access ?? today[index]?.access ?? "", grant]));
  const after = new Map(today.map((grant) => [grant.access, grant]));
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((access) => {
    const [was, is] = [before.get(access), after.get(access)];
    return keyOf(was) === keyOf(is) ? [] : [{ access, shown: word(was), today: word(is) }];
  });
}

type Granted = Pick<PlannedGrant, "provider" | "subject" | "target">;

function keyOf(grant: Granted | undefined): string {
  return grant ? JSON.stringify([grant.subject, targetKey(grant.provider, grant.target)]) : "";
}

function word(grant: Granted | undefined): string {
  if (!grant) return "nothing";
  const subject = grant.subject === "" ? "nobody it knows" : grant.subject;
  return `${JSON.stringify(grant.target)} to ${subject} in ${grant.provider}`;
}
