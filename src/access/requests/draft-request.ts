import { v7 as uuidv7 } from "uuid";
import type { Person } from "../../domain/person.ts";
import { type AccessRequest, Terms } from "../../domain/request/request.ts";
import { later } from "../../domain/request/consequences.ts";
import type { Evaluation } from "../../policy/decide/evaluate.ts";
import { wordRefusals } from "../../policy/explain/refusal-words.ts";
import type { Policy } from "../../policy/policy.ts";
import { planGrants } from "./plan-grants.ts";
import type { AnyAsk } from "./access-ask.ts";

/** Builds the request to be filed: what was asked, what the policy says to it, and what an approval would grant. */
export function draftRequest(
  policy: Policy,
  ask: AnyAsk,
  requester: Person,
  evaluation: Evaluation,
  now: Date,
): Omit<AccessRequest, "number" | "status" | "decisions" | "closedAt"> {
  const common = {
    id: uuidv7(),
    version: 1,
    source: ask.source,
    requester,
    resource: ask.resource,
    role: ask.role,
    durationSeconds: ask.durationSeconds,
    reason: ask.reason,
    policyVersion: policy.hash,
    createdAt: now,
    terms: {
      ...termsOf(policy, ask, evaluation),
      ip: ask.ip,
      extends: ask.extends && {
        requestId: ask.extends.requestId,
        number: ask.extends.number,
        place: ask.extends.place,
      },
    },
    ...(ask.ticket === undefined ? {} : { ticket: ask.ticket }),
    ...(evaluation.rule === undefined ? {} : { rule: evaluation.rule }),
  };
  if (evaluation.verdict === "refuse") return { ...common, planned: [] };
  return {
    ...common,
    // An extension grants nothing new.
    planned: ask.extends
      ? []
      : planGrants(policy, evaluation, requester.email, ask.input).map((grant) => ({
          grantId: uuidv7(),
          ...grant,
        })),
    ...(evaluation.verdict === "review"
      ? { respondBy: earliest(later(now, evaluation.timeoutSeconds), ask.extends?.until) }
      : {}),
  };
}

function earliest(one: Date, other: Date = one): Date {
  return one < other ? one : other;
}

function termsOf(policy: Policy, ask: AnyAsk, evaluation: Evaluation): Terms {
  const { alerts } = policy.settings;
  if (evaluation.verdict === "refuse") {
    const resource = policy.resources.get(ask.resource);
    const { refusals } = evaluation;
    return {
      verdict: "refuse",
      resourceTitle: resource?.title ?? ask.resource,
      roleTitle: resource?.roles.get(ask.role)?.title ?? ask.role,
      risk: resource?.risk ?? "medium",
      channel: policy.settings.channel,
      alerts,
      steps: [],
      refusal: wordRefusals(refusals),
      isMendable:
        refusals.some(({ kind }) => kind === "undecided" || kind === "nobody_can_approve") || undefined,
      isDenied: refusals.some(({ kind }) => kind === "denied") || undefined,
    };
  }
  const { doubts } = evaluation;
  const terms: Terms = {
    steps: [],
    ...evaluation,
    alerts,
    doubts: doubts.length > 0 ? doubts : undefined,
    // An extension begins by itself.
    ...(ask.extends && { startWithinSeconds: undefined }),
  };
  // Leaves out what the evaluation says besides.
  return Terms.parse(terms);
}
