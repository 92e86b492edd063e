import type { Person } from "../../domain/person.ts";
import type { AccessRequest } from "../../domain/request/request.ts";
import { storable } from "../../domain/text.ts";
import { file } from "../../domain/request/file-request.ts";
import { findByDedupeKey, readNow, recordNew } from "../../persistence/requests/requests.ts";
import { evaluate, type Evaluation } from "../../policy/decide/evaluate.ts";
import { wordRefusals } from "../../policy/explain/refusal-words.ts";
import type { Policy } from "../../policy/policy.ts";
import type { PolicyRefusal } from "../../policy/decide/refusals.ts";
import { retryIfPersonChanged } from "./retry-if-person-changed.ts";
import type { PolicyDeps } from "../deps.ts";
import { draftRequest } from "./draft-request.ts";
import { judgeByPolicy } from "./judge-by-policy.ts";
import { readFacts } from "./read-facts.ts";
import type { AccessAsk, AnyAsk, ExtensionAsk } from "./access-ask.ts";

export type AccessAnswer =
  | { readonly outcome: "filed"; readonly request: AccessRequest }
  /** The policy refused; recorded. */
  | {
      readonly outcome: "refused";
      readonly number: number;
      readonly why: string;
      readonly refusals: readonly PolicyRefusal[];
    }
  /** The ask itself is mistaken (no such resource, no reason ...): nothing to decide, nothing recorded. */
  | { readonly outcome: "mistaken"; readonly why: string; readonly refusals: readonly PolicyRefusal[] }
  /** An earlier delivery of the same interaction was filed. */
  | { readonly outcome: "repeated"; readonly number: number }
  /** They have another request for the very same access that waits for a decision; nothing recorded. */
  | { readonly outcome: "waits_already"; readonly number: number };

/** How often a request may be judged again after a lost race, before something must be wrong. */
const maxRaces = 50;

/** Files an access request: evaluated by the policy in force, recorded with its events and effects in one statement. */
export async function requestAccess(deps: PolicyDeps, ask: AccessAsk): Promise<AccessAnswer> {
  for (let race = 0; race < maxRaces; race += 1) {
    const answer = await retryIfPersonChanged(() => fileAsk(deps, ask));
    if (answer) return answer;
  }
  throw new Error(`what a request is judged by changed ${maxRaces} times while it was being filed`);
}

/** Files an extension in the same way; `undefined` after a lost race, with nothing recorded. */
export async function requestExtension(
  deps: PolicyDeps,
  ask: ExtensionAsk,
): Promise<AccessAnswer | undefined> {
  return fileAsk(deps, ask);
}

async function fileAsk(deps: PolicyDeps, asked: AnyAsk): Promise<AccessAnswer | undefined> {
  const ask = {
    ...asked,
    reason: storable(asked.reason),
    ...(asked.ticket && { ticket: storable(asked.ticket) }),
    // An extension uses what was typed for the request it extends.
    ...(!asked.extends && { input: asked.input ?? {} }),
  };
  const now = await readNow(deps.db, deps.clock);
  const person = await deps.people.resolve(ask.requester);
  const { policy, facts, evaluation } = await judgeByPolicy(deps, async (inForce) => {
    const [known, addresses] = await Promise.all([
      readFacts(deps, inForce, person, { requestId: ask.extends?.requestId }),
      deps.people.addressesOf(person.id),
    ]);
    const judged = evaluate(inForce, { ...ask, requester: { ...person, addresses }, now }, known);
    return { policy: inForce, facts: known, evaluation: judged };
  });
  if (evaluation.verdict === "refuse" && evaluation.refusals.every(isMistake)) {
    const { refusals } = evaluation;
    return { outcome: "mistaken", why: wordRefusals(refusals), refusals };
  }
  return record(deps, { policy, ask, person, now, approvalsSeen: facts.approvalsSeen }, evaluation);
}

type Judged = {
  readonly policy: Policy;
  readonly ask: AnyAsk;
  readonly person: Person;
  readonly now: Date;
  readonly approvalsSeen: number | undefined;
};

async function record(
  deps: PolicyDeps,
  judged: Judged,
  evaluation: Evaluation,
): Promise<AccessAnswer | undefined> {
  const { policy, ask, person, now, approvalsSeen } = judged;
  const { maxPending } = policy.settings;
  const transition = {
    ...file({ ...draftRequest(policy, ask, person, evaluation, now), number: 0 }),
    approvalsSeen,
  };
  const recorded = await recordNew(deps.db, transition, { dedupeKey: ask.dedupeKey, maxPending });
  switch (recorded.is) {
    case "recorded": {
      const request = { ...transition.next.request, number: recorded.number };
      deps.recent.set({ ...transition.next, request });
      deps.wake(recorded.effects, now);
      if (evaluation.verdict === "refuse") return refused(recorded, evaluation.refusals);
      return { outcome: "filed", request };
    }
    case "too_many": {
      const { waiting } = recorded;
      const refusal: PolicyRefusal = { kind: "too_many_pending", max: maxPending, waiting };
      const rule = evaluation.rule === undefined ? {} : { rule: evaluation.rule };
      return record(deps, judged, { verdict: "refuse", refusals: [refusal], ...rule });
    }
    case "locked_down":
      // The cached lockdowns may be a second old, or from before somebody turned out to be a person who is locked down.
      deps.lockdowns.forget();
      return undefined;
    case "waits_already":
    case "late": {
      const earlier = ask.dedupeKey === undefined ? undefined : await findByDedupeKey(deps.db, ask.dedupeKey);
      // A request that was refused before must not look as if it had been filed.
      if (earlier && evaluation.verdict === "refuse" && earlier.isRefused)
        return refused(earlier, evaluation.refusals);
      if (earlier) return { outcome: "repeated", number: earlier.number };
      return recorded.is === "late" ? undefined : { outcome: "waits_already", number: recorded.number };
    }
  }
}

function refused({ number }: { readonly number: number }, refusals: readonly PolicyRefusal[]): AccessAnswer {
  return { outcome: "refused", number, why: wordRefusals(refusals), refusals };
}

/** Longer than any policy allows (a year): a typing mistake, and perhaps more than the database's integers hold. */
const longestRecordedSeconds = 366 * 86_400;

function isMistake(refusal: PolicyRefusal): boolean {
  switch (refusal.kind) {
    case "unknown_resource":
    case "unknown_role":
    case "duration_invalid":
    case "reason_missing":
    case "reason_too_long":
    case "reason_unfit":
    case "ticket_missing":
    case "ticket_unfit":
    case "input_unfit":
      return true;
    case "duration_too_long":
      return refusal.askedSeconds > longestRecordedSeconds;
    case "no_rule":
    case "denied":
    case "undecided":
    case "conflict":
    case "locked_down":
    case "too_many":
    case "too_many_pending":
    case "too_soon":
    case "not_break_glass":
    case "nobody_can_approve":
      return false;
  }
}
