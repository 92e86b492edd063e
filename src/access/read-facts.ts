import type { Authority } from "../domain/approvals.ts";
import type { AccessRequest } from "../domain/request.ts";
import { later } from "../domain/request-consequences.ts";
import { readHistory } from "../persistence/history.ts";
import type { Facts } from "../policy/ask.ts";
import { evaluate, type Evaluation } from "../policy/evaluate.ts";
import { noHistory } from "../policy/history.ts";
import type { Policy } from "../policy/policy.ts";
import type { PolicyDeps } from "./deps.ts";

/** Facts with how often the person had been given access by then, where what they have makes a difference. */
export type CountedFacts = Facts & { readonly approvalsSeen: number | undefined };

/** What the policy's answer to this person depends on beside what they ask. What it does not look at is not read. */
export async function readFacts(
  deps: Pick<PolicyDeps, "db" | "groups" | "lockdowns">,
  policy: Policy,
  email: string,
  /** The request that is judged: what it gave must not stand in its own way. */
  requestId?: string,
): Promise<CountedFacts> {
  const [memberships, past, lockdowns] = await Promise.all([
    deps.groups.read(policy.outsideGroups),
    policy.usesHistory ? readHistory(deps.db, email, requestId) : undefined,
    deps.lockdowns.read(),
  ]);
  return {
    memberships,
    history: past?.history ?? noHistory,
    lockdowns,
    approvalsSeen: past?.approvals,
  };
}

/** The same for a request that was filed; neither it nor the access it extends stands in its own way. */
export function factsFor(
  deps: Pick<PolicyDeps, "db" | "groups" | "lockdowns">,
  policy: Policy,
  { id, requester, terms }: AccessRequest,
): Promise<CountedFacts> {
  return readFacts(deps, policy, requester.email, terms.extends?.requestId ?? id);
}

/** What the policy says today to a request that was filed earlier. */
export function evaluateAgain(policy: Policy, request: AccessRequest, facts: Facts, now: Date): Evaluation {
  const { requester, resource, role, durationSeconds, reason, ticket, source, terms } = request;
  const isBreakGlass = terms.breakGlass !== undefined;
  const asked = { requester, resource, role, durationSeconds, reason, ticket, source, ip: terms.ip };
  return evaluate(policy, { ...asked, isBreakGlass, now }, facts);
}

/** Who may decide a request by this policy; `undefined` when the policy would not put it to people at all. */
export function authorityOver(
  policy: Policy,
  request: AccessRequest,
  facts: Facts,
  now: Date,
): Authority | undefined {
  const evaluation = evaluateAgain(policy, request, facts, now);
  if (evaluation.verdict !== "review") return undefined;
  if (request.terms.extends && !evaluation.extend) return undefined;
  const { steps, escalate } = evaluation;
  if (!escalate || now < later(request.createdAt, escalate.afterSeconds)) return { steps };
  return {
    steps: steps.map(({ count, approvers }) => ({
      count,
      approvers: [...new Set([...approvers, ...escalate.approvers])],
    })),
  };
}
