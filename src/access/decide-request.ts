import { type Authority, progressOf } from "../domain/approvals.ts";
import type { AuditEvent } from "../domain/audit-event.ts";
import type { State } from "../domain/decide.ts";
import type { Person } from "../domain/person.ts";
import { type Refusal, refusalText } from "../domain/refusal.ts";
import { actorOf } from "../domain/request-consequences.ts";
import { recordEvent } from "../persistence/audit.ts";
import { storable } from "../domain/text.ts";
import { wordRefusals } from "../policy/explain.ts";
import { apply } from "./apply.ts";
import type { PolicyDeps } from "./deps.ts";
import { authorityOver, evaluateAgain, factsFor } from "./read-facts.ts";

export type PersonDecides = {
  readonly requestId: string;
  readonly by: Person;
  readonly verdict: { readonly type: "approve" } | { readonly type: "deny"; readonly reason: string };
  /** Names the click: the same one delivered again changes nothing. */
  readonly key: string;
};

export type DecisionAnswer =
  | { readonly decided: true; readonly state: State }
  | {
      readonly decided: false;
      readonly refusal: Refusal;
      readonly state: State;
      /** Who may decide it, by today's policy. */
      readonly approvers: readonly string[];
      /** What whoever asked would be told by today's policy, where that is why nobody may decide it. */
      readonly why?: string;
    };

/** A person approves or denies. Who may is asked of today's policy; a refusal is recorded and changes nothing else. */
export async function decideRequest(deps: PolicyDeps, decision: PersonDecides): Promise<DecisionAnswer> {
  const { by, key } = decision;
  const verdict =
    decision.verdict.type === "deny"
      ? { ...decision.verdict, reason: storable(decision.verdict.reason) }
      : decision.verdict;
  const policy = deps.policy();
  const applied = await apply(deps, decision.requestId, async ({ request }, now) => {
    const facts = await factsFor(deps, policy, request);
    const authority = authorityOver(policy, request, facts, now);
    const judged = { by, key, policyVersion: policy.hash, ...(authority && { authority }) };
    if (verdict.type === "deny") return { ...verdict, ...judged };
    return { ...verdict, ...judged, approvalsSeen: facts.approvalsSeen };
  });
  if (applied.applied) return { decided: true, state: applied.state };
  const { refusal, state, now } = applied;
  if (refusal === "repeated") return { decided: true, state };
  await refuseDecision(deps, { request: state.request, by, attempted: verdict.type, refusal, key, now });
  const facts = await factsFor(deps, policy, state.request);
  const approvers = approversNow(authorityOver(policy, state.request, facts, now), state.request);
  const today = evaluateAgain(policy, state.request, facts, now);
  const why =
    refusal === "policy_changed" && today.verdict === "refuse"
      ? { why: wordRefusals(today.refusals) }
      : undefined;
  return { decided: false, refusal, state, approvers, ...why };
}

/** Whose approval the waiting step takes. */
export function approversNow(authority: Authority | undefined, request: State["request"]): readonly string[] {
  if (!authority) return [];
  return authority.steps[progressOf(request.decisions, authority).current]?.approvers ?? [];
}

/** Records that somebody tried to decide and may not. The same click is recorded once; nothing else changes. */
export async function refuseDecision(
  deps: PolicyDeps,
  refused: {
    readonly request: State["request"];
    readonly by: Person;
    readonly attempted: "approve" | "deny" | "start" | "review" | "extend" | "end" | "cancel";
    readonly refusal: Refusal;
    readonly key: string;
    readonly now: Date;
  },
): Promise<void> {
  const event: AuditEvent = {
    type: "decision.refused",
    at: refused.now,
    actor: actorOf(refused.by),
    data: { attempted: refused.attempted, why: refusalText[refused.refusal] },
  };
  await recordEvent(deps.db, event, { request: refused.request, dedupeKey: `refused ${refused.key}` });
}
