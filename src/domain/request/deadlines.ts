import { awaitedBy } from "./approvals.ts";
import type { AuditEvent } from "../audit-event.ts";
import type { CommandOf, Decision } from "../command.ts";
import type { State } from "../state.ts";
import type { Refusal } from "../refusal.ts";
import { close, later, refusalOf, startByOf } from "./consequences.ts";

const refuse = (refusal: Refusal): Decision => ({ accepted: false, refusal });

/** Expires a request that nobody decided in time. */
export function expire(state: State, now: Date): Decision {
  const { request } = state;
  if (request.status !== "pending") return refuse(refusalOf(request.status, request.terms));
  if (!request.respondBy || now < request.respondBy) return refuse("too_early");
  return close(state, request, "expired", now, {
    type: "request.expired",
    at: now,
    actor: { kind: "hallpass" },
    data: { respondBy: request.respondBy.toISOString() },
  });
}

/** Closes a request that is pending, or approved and not started; because the requester has left, say. */
export function abandon(state: State, { reason, changes }: CommandOf<"abandon">, now: Date): Decision {
  const { request } = state;
  const isWaiting = startByOf(request) !== undefined && state.grants.length === 0;
  if (request.status !== "pending" && !isWaiting) return refuse(refusalOf(request.status, request.terms));
  return close(state, request, "cancelled", now, {
    type: "request.cancelled",
    at: now,
    actor: { kind: "hallpass" },
    data: { reason, ...(changes && { changes: [...changes] }) },
  });
}

/** Reminds those whom the waiting step asks, and schedules the next reminder after the same time. */
export function remind(state: State, now: Date): Decision {
  const { request } = state;
  const { steps, remindEverySeconds } = request.terms;
  if (request.status !== "pending") return refuse(refusalOf(request.status, request.terms));
  if (remindEverySeconds === undefined) return refuse("too_early");
  const reminded: AuditEvent = {
    type: "request.reminded",
    at: now,
    actor: { kind: "hallpass" },
    data: { asks: [...(awaitedBy(request.decisions, { steps })?.notify ?? [])] },
  };
  return {
    accepted: true,
    next: state,
    events: [reminded],
    effects: [
      { kind: "tell_thread", dueAt: now, event: reminded },
      { kind: "remind_request", dueAt: later(now, remindEverySeconds) },
    ],
  };
}

/** Lets others decide too from now on, and asks them. */
export function escalate(state: State, now: Date): Decision {
  const { request } = state;
  const { escalate: escalation } = request.terms;
  if (request.status !== "pending") return refuse(refusalOf(request.status, request.terms));
  if (!escalation || now < later(request.createdAt, escalation.afterSeconds)) return refuse("too_early");
  const escalated: AuditEvent = {
    type: "request.escalated",
    at: now,
    actor: { kind: "hallpass" },
    data: { asks: [...escalation.approvers] },
  };
  return {
    accepted: true,
    next: state,
    events: [escalated],
    effects: [
      { kind: "update_request", dueAt: now },
      { kind: "tell_thread", dueAt: now, event: escalated },
    ],
  };
}

/** Closes an approved request that was not started in time. */
export function lapse(state: State, now: Date): Decision {
  const { request } = state;
  if (request.status !== "approved")
    return refuse(request.status === "pending" ? "not_approved" : refusalOf(request.status, request.terms));
  const startBy = startByOf(request);
  if (!startBy || state.grants.length > 0) return refuse("already_started");
  if (now < startBy) return refuse("too_early");
  return close(state, request, "expired", now, {
    type: "request.lapsed",
    at: now,
    actor: { kind: "hallpass" },
    data: { startBy: startBy.toISOString() },
  });
}
