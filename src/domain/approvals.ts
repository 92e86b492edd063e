import { isListed, isSamePerson, type Person } from "./person.ts";
import type { PersonalDecision } from "./request.ts";

/** One step: `count` distinct people out of `approvers`. */
type Step = { readonly count: number; readonly approvers: readonly string[] };

/** Who may decide now, step by step, and how many of them it takes; evaluated afresh at each click. */
export type Authority = {
  readonly steps: readonly Step[];
  /** The addresses that those who have approved show now, by person; what they showed then unless told. */
  readonly addresses?: ReadonlyMap<number, readonly string[]>;
};

/** How far a request has come through its steps. */
export type Progress = {
  /** The step that waits, from 0; as many as there are steps when none does. */
  readonly current: number;
  /** Whose approval counts in each step: distinct people who may still decide today. */
  readonly given: readonly (readonly PersonalDecision[])[];
  /**
   * The steps whose people can bring it further: the one that waits, and those that hold somebody who could fill it, if another
   * took their place.
   */
  readonly open: readonly number[];
};

/**
 * Each person counts in one step, and each approval where it is needed most: it moves to a later step while another can fill the
 * first, so that no order of clicks leaves a request without anybody who may approve it. Earlier steps are filled first (a
 * bipartite matching by augmenting paths, which never empties a step it has filled).
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
  // A set that grows while it is gone through is gone through to its end.
  for (const step of open) for (const [approval, other] of stepOf) if (fits(approval, step)) open.add(other);
  return {
    current: waiting === -1 ? steps.length : waiting,
    given: steps.map((_, step) => given(step)),
    open: [...open],
  };
}

/** Approvals that count, each person's once. */
export function countedApprovals(decisions: readonly PersonalDecision[]): readonly PersonalDecision[] {
  const byPerson = new Map<number, PersonalDecision>();
  for (const decision of decisions)
    if (decision.verdict === "approve" && decision.discounted === undefined && !byPerson.has(decision.person))
      byPerson.set(decision.person, decision);
  return [...byPerson.values()];
}

/** Whether this person has decided before, under whatever account, and it counts. */
export function hasDecided(decisions: readonly PersonalDecision[], person: Person): boolean {
  return decisions.some(
    (decision) => decision.discounted === undefined && isSamePerson({ id: decision.person }, person),
  );
}

type NotifyingStep = Step & { readonly notify?: readonly string[] | undefined };

/** Whom a request waits for; `notify`: whom that pings. */
export type Awaited = { readonly approvers: readonly string[]; readonly notify: readonly string[] };

/** Whose approval brings a request further: nobody who has approved already. */
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
