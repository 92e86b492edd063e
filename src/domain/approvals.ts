import { isSamePerson, type Person } from "./person.ts";
import type { PersonalDecision } from "./request.ts";

/** One step: `count` distinct people out of `approvers`. */
type Step = { readonly count: number; readonly approvers: readonly string[] };

/** Who may decide now, step by step, and how many of them it takes; evaluated afresh at each click. */
export type Authority = { readonly steps: readonly Step[] };

/** How far a request has come through its steps. */
export type Progress = {
  /** The step that waits, from 0; as many as there are steps when none does. */
  readonly current: number;
  /** Whose approval counts in each step: distinct people who may still decide today. */
  readonly given: readonly (readonly PersonalDecision[])[];
};

/** Each approval counts once, in the first step that it can still help to fill. */
export function progressOf(decisions: readonly PersonalDecision[], { steps }: Authority): Progress {
  const given: PersonalDecision[][] = steps.map(() => []);
  const counted = new Set<string>();
  for (const decision of decisions) {
    const { email, verdict } = decision;
    if (verdict !== "approve" || counted.has(email)) continue;
    const place = steps.findIndex(
      ({ count, approvers }, index) => (given[index]?.length ?? 0) < count && approvers.includes(email),
    );
    if (place === -1) continue;
    counted.add(email);
    given[place]?.push(decision);
  }
  const current = steps.findIndex(({ count }, index) => (given[index]?.length ?? 0) < count);
  return { current: current === -1 ? steps.length : current, given };
}

/** Whether this person has decided before, under whatever account. */
export function hasDecided(decisions: readonly PersonalDecision[], person: Person): boolean {
  return decisions.some((decision) => isSamePerson(decision, person));
}
