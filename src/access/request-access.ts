import { v7 as uuidv7 } from "uuid";
import type { Person } from "../domain/person.ts";
import type { AccessRequest, RequestSource } from "../domain/request.ts";
import { storable } from "../domain/text.ts";
import { file } from "../domain/request-transitions.ts";
import { findByDedupeKey, readNow, recordNew } from "../persistence/requests.ts";
import { type Ask, evaluate, type Evaluation, type PolicyRefusal } from "../policy/evaluate.ts";
import { wordRefusal } from "../policy/explain.ts";
import type { Policy } from "../policy/policy.ts";
import { subjectFor } from "../policy/subject.ts";
import type { PolicyDeps } from "./deps.ts";

export type AccessAsk = {
  readonly requester: Person;
  readonly resource: string;
  readonly role: string;
  readonly durationSeconds: number;
  readonly reason: string;
  readonly ticket?: string;
  readonly source: RequestSource;
  /** Names the interaction: the same one delivered again files nothing new. */
  readonly dedupeKey?: string;
};

export type AccessAnswer =
  | { readonly outcome: "filed"; readonly request: AccessRequest }
  /** The policy refused; recorded. */
  | {
      readonly outcome: "refused";
      readonly number: number;
      readonly why: string;
      readonly refusal: PolicyRefusal;
    }
  /** The ask itself is mistaken (no such resource, no reason ...): nothing to decide, nothing recorded. */
  | { readonly outcome: "mistaken"; readonly why: string; readonly refusal: PolicyRefusal }
  /** An earlier delivery of the same interaction was filed. */
  | { readonly outcome: "repeated"; readonly number: number };

/** Files an access request: evaluated by the policy in force, recorded with its events and effects in one statement. */
export async function requestAccess(deps: PolicyDeps, asked: AccessAsk): Promise<AccessAnswer> {
  const ask = {
    ...asked,
    reason: storable(asked.reason),
    ...(asked.ticket && { ticket: storable(asked.ticket) }),
  };
  const policy = deps.policy();
  const now = await readNow(deps.db, deps.clock);
  const evaluation = evaluate(policy, { ...ask, now });
  if (evaluation.verdict === "refuse" && isMistake(evaluation.refusal)) {
    return { outcome: "mistaken", why: wordRefusal(evaluation.refusal), refusal: evaluation.refusal };
  }
  const transition = file({ ...draft(policy, ask, evaluation, now), number: 0 });
  const recorded = await recordNew(deps.db, transition, ask.dedupeKey);
  if (!recorded) {
    const earlier = ask.dedupeKey === undefined ? undefined : await findByDedupeKey(deps.db, ask.dedupeKey);
    if (!earlier) throw new Error("a request was neither recorded nor found");
    // What was refused before must not look as if it had been filed.
    if (evaluation.verdict === "refuse" && earlier.isRefused) return refused(earlier, evaluation.refusal);
    return { outcome: "repeated", number: earlier.number };
  }
  const request = { ...transition.next.request, number: recorded.number };
  deps.recent.set({ ...transition.next, request });
  deps.wake(recorded.effects, now);
  if (evaluation.verdict === "refuse") return refused(recorded, evaluation.refusal);
  return { outcome: "filed", request };
}

function refused({ number }: { readonly number: number }, refusal: PolicyRefusal): AccessAnswer {
  return { outcome: "refused", number, why: wordRefusal(refusal), refusal };
}

/** What the policy would say today to a request that was filed earlier. */
export function evaluateAgain(policy: Policy, request: AccessRequest, now: Date): Evaluation {
  return evaluate(policy, askOf(request, now));
}

function askOf(request: AccessRequest, now: Date): Ask {
  const { requester, resource, role, durationSeconds, reason, ticket } = request;
  return { requester, resource, role, durationSeconds, reason, now, ticket };
}

/** Longer than any policy allows (a year): a slip of the pen, and more than the database's whole numbers hold. */
const longestRecordedSeconds = 366 * 86_400;

function isMistake(refusal: PolicyRefusal): boolean {
  switch (refusal.kind) {
    case "unknown_resource":
    case "unknown_role":
    case "duration_invalid":
    case "reason_missing":
    case "reason_too_long":
      return true;
    case "duration_too_long":
      return refusal.askedSeconds > longestRecordedSeconds;
    case "no_rule":
    case "denied":
    case "nobody_can_approve":
      return false;
  }
}

function draft(
  policy: Policy,
  ask: AccessAsk,
  evaluation: Evaluation,
  now: Date,
): Omit<AccessRequest, "number" | "status" | "decisions" | "closedAt"> {
  const { alerts } = policy.settings;
  const common = {
    id: uuidv7(),
    version: 1,
    source: ask.source,
    requester: ask.requester,
    resource: ask.resource,
    role: ask.role,
    durationSeconds: ask.durationSeconds,
    reason: ask.reason,
    policyVersion: policy.hash,
    createdAt: now,
    ...(ask.ticket === undefined ? {} : { ticket: ask.ticket }),
  };
  if (evaluation.verdict === "refuse") {
    const resource = policy.resources.get(ask.resource);
    return {
      ...common,
      ...(evaluation.rule === undefined ? {} : { rule: evaluation.rule }),
      planned: [],
      terms: {
        verdict: "refuse",
        resourceTitle: resource?.title ?? ask.resource,
        roleTitle: resource?.roles.get(ask.role)?.title ?? ask.role,
        risk: resource?.risk ?? "medium",
        channel: policy.settings.channel,
        alerts,
        steps: [],
        refusal: wordRefusal(evaluation.refusal),
      },
    };
  }
  const { rule, resourceTitle, roleTitle, risk, channel, provider, target } = evaluation;
  const steps = evaluation.verdict === "review" ? evaluation.steps.map(copyStep) : [];
  return {
    ...common,
    rule,
    planned: [
      {
        grantId: uuidv7(),
        provider,
        subject: subjectFor(policy, provider, ask.requester.email) ?? "",
        target,
      },
    ],
    terms: { verdict: evaluation.verdict, resourceTitle, roleTitle, risk, channel, alerts, steps },
    ...(evaluation.verdict === "review"
      ? { respondBy: new Date(now.getTime() + evaluation.timeoutSeconds * 1000) }
      : {}),
  };
}

function copyStep(step: {
  readonly count: number;
  readonly from: readonly string[];
  readonly approvers: readonly string[];
}): {
  count: number;
  from: string[];
  approvers: string[];
} {
  return { count: step.count, from: [...step.from], approvers: [...step.approvers] };
}
