import type { AuditEvent } from "../audit-event.ts";
import type { CommandOf, Decision } from "../command.ts";
import type { State } from "../state.ts";
import { refusalOf, tell } from "./consequences.ts";

/** Stops an approval of a pending request from counting, because the person who gave it may not approve any more. */
export function discount(state: State, { person, why }: CommandOf<"discount">, now: Date): Decision {
  const { request } = state;
  if (request.status !== "pending")
    return { accepted: false, refusal: refusalOf(request.status, request.terms) };
  const approval = request.decisions.find(
    (decision) =>
      decision.verdict === "approve" && decision.person === person && decision.discounted === undefined,
  );
  if (!approval) return { accepted: false, refusal: "no_such_approval" };
  const decisions = request.decisions.map((decision) =>
    decision === approval ? { ...decision, discounted: why } : decision,
  );
  const event: AuditEvent = {
    type: "approval.discounted",
    at: now,
    actor: { kind: "hallpass" },
    data: { approver: approval.email, why },
  };
  return {
    accepted: true,
    next: { ...state, request: { ...request, decisions } },
    events: [event],
    effects: [{ kind: "update_request", dueAt: now }, ...tell(event, now)],
  };
}
