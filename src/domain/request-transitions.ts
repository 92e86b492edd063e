import { type Authority, countedApprovals, hasDecided } from "./approvals.ts";
import type { Actor, AuditEvent } from "./audit-event.ts";
import type { Command, Decision, State } from "./decide.ts";
import type { Effect } from "./effect.ts";
import type { Grant } from "./grant.ts";
import { isSamePerson, type Person } from "./person.ts";
import type { Refusal } from "./refusal.ts";
import type { AccessRequest, PersonalDecision, RequestStatus } from "./request.ts";

const refuse = (refusal: Refusal): Decision => ({ accepted: false, refusal });

const refusalOf: Readonly<Record<Exclude<RequestStatus, "pending">, Refusal>> = {
  approved: "already_approved",
  denied: "already_denied",
  cancelled: "already_cancelled",
  expired: "already_expired",
  refused: "already_refused",
};

/** The person as the audit names them. */
export function actorOf(person: Person): Actor {
  return { kind: "person", email: person.email, ...(person.slackId ? { slackId: person.slackId } : {}) };
}

/** Says an event in the request's thread and to the requester. */
export function tell(event: AuditEvent, now: Date): readonly Effect[] {
  return [
    { kind: "tell_thread", dueAt: now, event },
    { kind: "tell_requester", dueAt: now, event },
  ];
}

/**
 * A request as it is first recorded: `allow` is approved at once, `review` waits for people, `refuse` is kept as refused.
 * `respondBy` is given for `review` only.
 */
export function file(request: Omit<AccessRequest, "status" | "decisions" | "closedAt">): {
  readonly next: State;
  readonly events: readonly AuditEvent[];
  readonly effects: readonly Effect[];
} {
  const now = request.createdAt;
  const asked = {
    durationSeconds: request.durationSeconds,
    reason: request.reason,
    source: request.source,
    ...(request.ticket === undefined ? {} : { ticket: request.ticket }),
  };
  const actor = actorOf(request.requester);
  switch (request.terms.verdict) {
    case "refuse": {
      const why = request.terms.refusal ?? "no rule allows it";
      const refused: AuditEvent = { type: "request.refused", at: now, actor, data: { ...asked, why } };
      return {
        next: { request: { ...request, status: "refused", decisions: [], closedAt: now }, grants: [] },
        events: [refused],
        effects: [],
      };
    }
    case "review": {
      const created: AuditEvent = { type: "request.created", at: now, actor, data: asked };
      const effects: Effect[] = [
        { kind: "post_request", dueAt: now },
        { kind: "tell_requester", dueAt: now, event: created },
      ];
      if (request.respondBy) effects.push({ kind: "expire_request", dueAt: request.respondBy });
      return {
        next: { request: { ...request, status: "pending", decisions: [] }, grants: [] },
        events: [created],
        effects,
      };
    }
    case "allow": {
      const created: AuditEvent = { type: "request.created", at: now, actor, data: asked };
      const approved = approval({ ...request, status: "pending", decisions: [] }, { kind: "policy" }, now);
      return {
        next: approved.next,
        events: [created, ...approved.events],
        effects: [{ kind: "post_request", dueAt: now }, ...approved.effects],
      };
    }
  }
}

/** One approval; the last one needed makes the request approved and its grants owed. */
export function approve(state: State, command: Extract<Command, { type: "approve" }>, now: Date): Decision {
  const { refusal, authority } = mayDecide(state.request, command, now);
  if (!authority) return refuse(refusal);
  const request = withDecision(state.request, command, now);
  const have = countedApprovals(request.decisions, authority).length;
  const given: AuditEvent = {
    type: "approval.given",
    at: now,
    actor: actorOf(command.by),
    data: { name: command.by.name, have, needed: authority.count },
  };
  if (have < authority.count) {
    return {
      accepted: true,
      next: { ...state, request },
      events: [given],
      effects: [{ kind: "update_request", dueAt: now }, ...tell(given, now)],
    };
  }
  const approved = approval(request, actorOf(command.by), now);
  return {
    accepted: true,
    next: approved.next,
    events: [given, ...approved.events],
    effects: [{ kind: "update_request", dueAt: now }, ...approved.effects],
  };
}

/** One deny ends it. */
export function deny(state: State, command: Extract<Command, { type: "deny" }>, now: Date): Decision {
  const { refusal, authority } = mayDecide(state.request, command, now);
  if (!authority) return refuse(refusal);
  const request = withDecision(state.request, command, now);
  return close(state, request, "denied", now, {
    type: "request.denied",
    at: now,
    actor: actorOf(command.by),
    data: { name: command.by.name, reason: command.reason },
  });
}

/** The requester takes the question back. */
export function cancel(state: State, command: Extract<Command, { type: "cancel" }>, now: Date): Decision {
  if (state.request.status !== "pending") return refuse(refusalOf[state.request.status]);
  if (!isSamePerson(state.request.requester, command.by)) return refuse("not_requester");
  return close(state, state.request, "cancelled", now, {
    type: "request.cancelled",
    at: now,
    actor: actorOf(command.by),
    data: {},
  });
}

/** Nobody decided in time. */
export function expire(state: State, now: Date): Decision {
  const { request } = state;
  if (request.status !== "pending") return refuse(refusalOf[request.status]);
  if (!request.respondBy || now < request.respondBy) return refuse("too_early");
  return close(state, request, "expired", now, {
    type: "request.expired",
    at: now,
    actor: { kind: "hallpass" },
    data: { respondBy: request.respondBy.toISOString() },
  });
}

type DecidingCommand = Extract<Command, { type: "approve" | "deny" }>;

/** Whether this person may decide this request now: the same question for the button, its form, and the decision. */
export function mayDecide(
  request: AccessRequest,
  { by, authority, key }: Pick<DecidingCommand, "by" | "authority" | "key">,
  now: Date,
):
  | { readonly authority: Authority; readonly refusal?: never }
  | { readonly refusal: Refusal; readonly authority?: never } {
  if (isSamePerson(request.requester, by)) return { refusal: "own_request" };
  if (key !== undefined && request.decisions.some((decision) => decision.key === key))
    return { refusal: "repeated" };
  if (request.status !== "pending") return { refusal: refusalOf[request.status] };
  if (request.respondBy && now >= request.respondBy) return { refusal: "too_late" };
  if (!authority) return { refusal: "policy_changed" };
  if (!authority.approvers.includes(by.email)) return { refusal: "not_approver" };
  if (hasDecided(request.decisions, by)) return { refusal: "decided_before" };
  return { authority };
}

function withDecision(request: AccessRequest, command: DecidingCommand, now: Date): AccessRequest {
  const { by, key } = command;
  const decision: PersonalDecision = {
    verdict: command.type,
    email: by.email,
    name: by.name,
    at: now.toISOString(),
    ...(by.slackId === undefined ? {} : { slackId: by.slackId }),
    ...(command.type === "deny" ? { reason: command.reason } : {}),
    ...(key === undefined ? {} : { key }),
  };
  return { ...request, decisions: [...request.decisions, decision] };
}

function approval(
  request: AccessRequest,
  actor: Actor,
  now: Date,
): { readonly next: State; readonly events: readonly AuditEvent[]; readonly effects: readonly Effect[] } {
  const grants = request.planned.map((planned): Grant => ({
    id: planned.grantId,
    requestId: request.id,
    status: "granting",
    provider: planned.provider,
    subject: planned.subject,
    target: planned.target,
    durationSeconds: request.durationSeconds,
    revokeAttempts: 0,
  }));
  const approved: AuditEvent = {
    type: "request.approved",
    at: now,
    actor,
    data: {
      approvers: request.decisions.filter(({ verdict }) => verdict === "approve").map(({ email }) => email),
    },
  };
  const started = grants.map(({ id, provider, subject, target }): AuditEvent => ({
    type: "grant.started",
    at: now,
    actor: { kind: "hallpass" },
    grantId: id,
    data: { provider, subject, target },
  }));
  return {
    next: { request: { ...request, status: "approved", closedAt: now }, grants },
    events: [approved, ...started],
    effects: [
      ...tell(approved, now),
      ...grants.map(({ id }): Effect => ({ kind: "grant", grantId: id, dueAt: now })),
    ],
  };
}

function close(
  state: State,
  request: AccessRequest,
  status: "denied" | "cancelled" | "expired",
  now: Date,
  event: AuditEvent,
): Decision {
  return {
    accepted: true,
    next: { ...state, request: { ...request, status, closedAt: now } },
    events: [event],
    effects: [{ kind: "update_request", dueAt: now }, ...tell(event, now)],
  };
}
