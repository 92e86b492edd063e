import { isSamePerson, type Person } from "./person.ts";
import type { PersonalDecision } from "./request.ts";

/** Who may decide now, and how many of them it takes; evaluated afresh at each click. */
export type Authority = { readonly count: number; readonly approvers: readonly string[] };

/** The approvals that count: distinct people who may still decide today. */
export function countedApprovals(
  decisions: readonly PersonalDecision[],
  authority: Authority,
): readonly PersonalDecision[] {
  const byEmail = new Map<string, PersonalDecision>();
  for (const decision of decisions) {
    const { email, verdict } = decision;
    if (verdict === "approve" && authority.approvers.includes(email)) byEmail.set(email, decision);
  }
  return [...byEmail.values()];
}

/** Whether this person has decided before, under whatever account. */
export function hasDecided(decisions: readonly PersonalDecision[], person: Person): boolean {
  return decisions.some((decision) => isSamePerson(decision, person));
}

/** How many approvals are still needed. */
export function stillNeeded(decisions: readonly PersonalDecision[], authority: Authority): number {
  return Math.max(0, authority.count - countedApprovals(decisions, authority).length);
}
