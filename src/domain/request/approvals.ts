import { isListed, isSamePerson, type Person } from "../person.ts";
import type { PersonalDecision } from "./request.ts";

/** One step: `count` distinct people out of `approvers`. */
type Step = { readonly count: number; readonly approvers: readonly string[] };

/** Who may decide now, step by step, and how many of them it takes; evaluated afresh at each click. */
export type Authority = {
  readonly steps: readonly Step[];
  /** Today's addresses of the people who have approved, by person; without it, the address each approved with. */
  readonly addresses?: ReadonlyMap<number, readonly string[]>;
};

/** How far a request has come through its steps. */
export type Progress = {
  /** Index of the waiting step, from 0; the number of steps if none is waiting. */
  readonly current: number;
  /** The approvals that count in each step: from distinct people who may still decide today. */
  readonly given: readonly (readonly PersonalDecision[])[];
  /**
   * The steps in which another approval helps: the waiting one, and those holding an approval that could move on if somebody else
   * took its place.
   */
  readonly open: readonly number[];
};

/**
 * Assigns approvals to steps. Each person counts in one step, and each approval where it is needed most: it moves to a later step
 * if another can take its place, so that no order of clicks leaves a request that nobody can approve. Earlier steps are filled
 * first (bipartite matching by augmenting paths, which never empties a filled step).
 */
export function progressOf(decisions: readonly PersonalDecision[], authority: Authority): Progress {
  const { steps } = authority;
  const approvals = countedApprovals(decisions);
  const stepOf = new Map<PersonalDecision, number>();
  const fits = (approval: PersonalDecision, step: number): boolean => {
    const addresses = authority.addresses?.get(approval.person) ?? [approval.email];
    return addresses.some((email) => isListed(steps[step]?.approvers ?? [], { email }));
  };
  const place = (step: number, tried: Set<number>): boolean => {
    tried.add(step);
    return approvals.some((approval) => {
      const other = stepOf.get(approval);
      if (other === step || !fits(approval, step)) return false;
      if (other !== undefined && (tried.has(other) || !place(other, tried))) return false;
      stepOf.set(approval, step);
      return true;
    });
  };
  const given = (step: number): readonly PersonalDecision[] =>
    approvals.filter((approval) => stepOf.get(approval) === step);
  for (const [step, { count }] of steps.entries())
    for (let have = 0; have < count && place(step, new Set()); have += 1);

  const waiting = steps.findIndex(({ count }, step) => given(step).length < count);
  const open = new Set(waiting === -1 ? [] : [waiting]);
  // Iterating a Set also visits what is added during the loop.
  for (const step of open) for (const [approval, other] of stepOf) if (fits(approval, step)) open.add(other);
  return {
    current: waiting === -1 ? steps.length : waiting,
    given: steps.map((_, step) => given(step)),
    open: [...open],
  };
}

/** The approvals that count, one per person. */
export function countedApprovals(decisions: readonly PersonalDecision[]): readonly PersonalDecision[] {
  const byPerson = new Map<number, PersonalDecision>();
  for (const decision of decisions)
    if (decision.verdict === "approve" && decision.discounted === undefined && !byPerson.has(decision.person))
      byPerson.set(decision.person, decision);
  return [...byPerson.values()];
}

/** Whether this person, under any account, has made a decision that still counts. */
export function hasDecided(decisions: readonly PersonalDecision[], person: Person): boolean {
  return decisions.some(
    (decision) => decision.discounted === undefined && isSamePerson({ id: decision.person }, person),
  );
}

type NotifyingStep = Step & { readonly notify?: readonly string[] | undefined };

/** Whom a request waits for; `notify`: who is pinged. */
export type Awaited = { readonly approvers: readonly string[]; readonly notify: readonly string[] };

/** Whose approval would advance a request, without those who have approved already; `undefined` if no step is open. */
export function awaitedBy(
  decisions: readonly PersonalDecision[],
  {
    steps,
    addresses,
  }: { readonly steps: readonly NotifyingStep[]; readonly addresses?: Authority["addresses"] },
): Awaited | undefined {
  const { open } = progressOf(decisions, { steps, ...(addresses && { addresses }) });
  if (open.length === 0) return undefined;
  const approved = new Set(
    countedApprovals(decisions).flatMap(({ person, email }) => addresses?.get(person) ?? [email]),
  );
  const of = (pick: (step: NotifyingStep) => readonly string[]): readonly string[] =>
    [...new Set(open.flatMap((index) => steps.slice(index, index + 1).flatMap(pick)))].filter(
      (address) => !approved.has(address),
    );
  return {
    approvers: of(({ approvers }) => approvers),
    notify: of(({ approvers, notify }) => notify ?? approvers),
  };
}
