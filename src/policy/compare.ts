import { formatDuration } from "../domain/duration.ts";
import { anybodyElse, everyRole, knownPeople } from "./everybody.ts";
import { evaluate, isAdmin, isAuditor } from "./evaluate.ts";
import type { Policy } from "./policy.ts";
import { isEmail } from "./schema.ts";

/** The same change for one or several people. */
export type PolicyChange = {
  /** E-mail addresses, sorted; `anybody else` for whom neither policy names. */
  readonly people: readonly string[];
  /** What is different for them: "may now ask for orders-db:read: at once, at most 8h". */
  readonly what: string;
};

const shortestSeconds = 1;

/**
 * What changes for whom from one policy to another: who may ask for what and how it is answered, who can approve, who
 * administers and audits. Verdicts are compared, over all people and roles that either names; how rules are written is not.
 */
export function comparePolicies(before: Policy, after: Policy, now: Date): readonly PolicyChange[] {
  const people = [...new Set([...everybody(before), ...everybody(after)])].toSorted();
  const roles = [...new Set([before, after].flatMap(everyRole).map(wordRole))].toSorted();
  const byChange = new Map<string, string[]>();
  const note = (person: string, what: string): void => {
    byChange.set(what, [...(byChange.get(what) ?? []), person]);
  };

  for (const access of roles) {
    const [old, fresh] = [before, after].map((policy) =>
      standings(policy, [...people, anybodyElse], access, now),
    );
    for (const person of [...people, anybodyElse]) {
      const change = wordChange(access, old?.answers.get(person), fresh?.answers.get(person));
      if (change !== undefined) note(person, change);
    }
    for (const person of people) {
      const [could, can] = [old?.approvers.has(person), fresh?.approvers.has(person)];
      if (could !== can) note(person, `can ${can === true ? "now" : "no longer"} approve ${access}`);
    }
  }
  for (const [is, wording] of [
    [isAdmin, "an admin"],
    [isAuditor, "an auditor"],
  ] as const) {
    for (const person of people) {
      const [was, isNow] = [is(before, person), is(after, person)];
      if (was !== isNow) note(person, `is ${isNow ? "now" : "no longer"} ${wording}`);
    }
  }
  return [...byChange].map(([what, changed]) => ({
    people: changed.map((person) => (person === anybodyElse ? "anybody else" : person)),
    what,
  }));
}

function everybody(policy: Policy): readonly string[] {
  const approvers = policy.rules.flatMap((rule) =>
    rule.decision === "review" ? rule.steps.flatMap((step) => step.approvers) : [],
  );
  const { admins, auditors } = policy.settings;
  return [...knownPeople(policy), ...approvers, ...[...admins, ...auditors].filter(isEmail)];
}

function wordRole({ resource, role }: { readonly resource: string; readonly role: string }): string {
  return `${resource}:${role}`;
}

type Standings = {
  /** How each person's request for the role is answered, in words; absent for whoever may not ask. */
  readonly answers: ReadonlyMap<string, string>;
  /** Who can approve at least one of these requests. */
  readonly approvers: ReadonlySet<string>;
};

function standings(policy: Policy, people: readonly string[], access: string, now: Date): Standings {
  const [resource = "", role = ""] = access.split(":");
  const answers = new Map<string, string>();
  const approvers = new Set<string>();
  for (const person of people) {
    const ask = { resource, role, durationSeconds: shortestSeconds, reason: "policy diff", now };
    const answer = evaluate(policy, { ...ask, requester: { email: person } });
    if (answer.verdict === "refuse") continue;
    const limit = `at most ${formatDuration(answer.maxDurationSeconds)}`;
    if (answer.verdict === "allow") {
      answers.set(person, `at once, ${limit}`);
      continue;
    }
    const steps = answer.steps.map(({ count, from }) => `${count} of ${from.join(", ")}`);
    answers.set(person, `${steps.join(", then ")}, ${limit}`);
    for (const approver of answer.steps.flatMap((step) => step.approvers)) approvers.add(approver);
  }
  return { answers, approvers };
}

function wordChange(access: string, old: string | undefined, fresh: string | undefined): string | undefined {
  if (old === fresh) return undefined;
  if (fresh === undefined) return `may no longer ask for ${access} (before: ${old})`;
  if (old === undefined) return `may now ask for ${access}: ${fresh}`;
  return `asks for ${access} on other terms: ${fresh} (before: ${old})`;
}
