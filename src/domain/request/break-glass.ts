import type { AuditEvent } from "../audit-event.ts";
import type { CommandOf, Decision } from "../command.ts";
import type { State } from "../state.ts";
import type { Effect } from "../effect.ts";
import { isListed, isSamePerson } from "../person.ts";
import type { Refusal } from "../refusal.ts";
import type { AccessRequest, PersonalDecision, Terms } from "./request.ts";
import { actorOf, later, tell } from "./consequences.ts";
import { grantsOf } from "./transitions.ts";

const refuse = (refusal: Refusal): Decision => ({ accepted: false, refusal });

/** Grants break-glass access without approval: alerts are sent at once, and a review is due. */
export function takeAtOnce(
  request: AccessRequest,
  { reviewers, withinSeconds }: NonNullable<Terms["breakGlass"]>,
): { readonly next: State; readonly events: readonly AuditEvent[]; readonly effects: readonly Effect[] } {
  const now = request.createdAt;
  const reviewBy = later(now, withinSeconds);
  const used: AuditEvent = {
    type: "break_glass.used",
    at: now,
    actor: actorOf(request.requester),
    data: { reviewers: [...reviewers], reviewBy: reviewBy.toISOString() },
  };
  const begun = grantsOf(request, now);
  return {
    next: { request: { ...request, status: "approved", closedAt: now }, grants: begun.grants },
    // No `request.approved`: the requester would be read as the approver.
    events: [used, ...begun.events],
    effects: [
      { kind: "tell_alerts", dueAt: now, event: used },
      { kind: "check_review", dueAt: reviewBy },
      ...tell(used, now),
      ...begun.effects,
    ],
  };
}

/** Records a review of break-glass access. */
export function review(state: State, command: CommandOf<"review">, now: Date): Decision {
  const { request } = state;
  const { by, verdict, note, key } = command;
  if (!request.terms.breakGlass) return refuse("not_break_glass");
  if (isSamePerson(request.requester, by)) return refuse("own_request");
  if (command.isLockedDown === true) return refuse("locked_down");
  if (request.decisions.some((decision) => decision.key === key)) return refuse("repeated");
  if (!isListed(command.reviewers, by)) return refuse("not_approver");
  if (reviewed(request)) return refuse("already_reviewed");
  const decision: PersonalDecision = {
    verdict,
    person: by.id,
    email: by.email,
    name: by.name,
    at: now.toISOString(),
    reason: note,
    key,
    ...(by.account === undefined ? {} : { account: by.account }),
  };
  const event: AuditEvent = {
    type: "break_glass.reviewed",
    at: now,
    actor: actorOf(by),
    data: { name: by.name, verdict, note },
  };
  return {
    accepted: true,
    next: { ...state, request: { ...request, decisions: [...request.decisions, decision] } },
    events: [event],
    effects: [
      { kind: "update_request", dueAt: now },
      ...tell(event, now),
      ...(verdict === "object" ? [{ kind: "tell_alerts", dueAt: now, event } as const] : []),
    ],
  };
}

/** Sends an alert if the review is due and nobody has made it. */
export function checkReview(state: State, now: Date): Decision {
  const { request } = state;
  const { breakGlass } = request.terms;
  if (!breakGlass) return refuse("not_break_glass");
  if (reviewed(request)) return refuse("already_reviewed");
  const reviewBy = later(request.createdAt, breakGlass.withinSeconds);
  if (now < reviewBy) return refuse("too_early");
  const overdue: AuditEvent = {
    type: "break_glass.overdue",
    at: now,
    actor: { kind: "hallpass" },
    data: { reviewers: [...breakGlass.reviewers], reviewBy: reviewBy.toISOString() },
  };
  return {
    accepted: true,
    next: state,
    events: [overdue],
    effects: [
      { kind: "tell_thread", dueAt: now, event: overdue },
      { kind: "tell_alerts", dueAt: now, event: overdue },
      // Repeated each day until somebody has reviewed it.
      { kind: "check_review", dueAt: later(now, 86_400) },
    ],
  };
}

/** The review of break-glass access, if there is one. */
export function reviewed(request: AccessRequest): PersonalDecision | undefined {
  return request.decisions.find(({ verdict }) => verdict === "accept" || verdict === "object");
}
