import { type Authority, countedApprovals, hasDecided, progressOf } from "./approvals.ts";
import type { Actor, AuditEvent } from "../audit-event.ts";
import type { CommandOf, Decision } from "../command.ts";
import type { State } from "../state.ts";
import type { Effect } from "../effect.ts";
import type { Grant } from "../grant/grant.ts";
import { isListed, isSamePerson } from "../person.ts";
import type { Refusal } from "../refusal.ts";
import { type AccessRequest, type PersonalDecision, requestName } from "./request.ts";
import { actorOf, close, refusalOf, startByOf, tell } from "./consequences.ts";

const refuse = (refusal: Refusal): Decision => ({ accepted: false, refusal });

/** Records an approval; the last one needed approves the request, and its grants are owed. */
export function approve(state: State, command: CommandOf<"approve">, now: Date): Decision {
  const { refusal, authority } = mayDecide(state.request, command, now);
  if (!authority) return refuse(refusal);
  if (command.approver === "gone") return refuse("approver_gone");
  if (command.approver === "unknown") return refuse("approver_unknown");
  if (command.requester === "gone") return refuse("requester_gone");
  if (command.requester === "unknown") return refuse("requester_unknown");
  if (command.isChanged === true) return refuse("grant_changed");
  const request = withDecision(state.request, command, now);
  const { steps } = authority;
  const before = progressOf(state.request.decisions, authority);
  const { current, given: approvals } = progressOf(request.decisions, authority);
  // The step this approval counts in; it may push an earlier approval to a later step.
  const step = approvals.findIndex((each) => each.some(({ person }) => person === command.by.id));
  const given: AuditEvent = {
    type: "approval.given",
    at: now,
    actor: actorOf(command.by),
    data: {
      name: command.by.name,
      have: approvals[step]?.length ?? 0,
      needed: steps[step]?.count ?? 0,
      ...(steps.length > 1 ? { step: step + 1, steps: steps.length } : {}),
      ...(current > before.current && current < steps.length
        ? { asks: [...askedIn(request, current, authority)] }
        : {}),
      ...judgedUnder(request, command),
    },
  };
  if (current < steps.length) {
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

/** Denies the request; one denial is enough. */
export function deny(state: State, command: CommandOf<"deny">, now: Date): Decision {
  const { refusal, authority } = mayDecide(state.request, command, now);
  if (!authority) return refuse(refusal);
  const request = withDecision(state.request, command, now);
  return close(state, request, "denied", now, {
    type: "request.denied",
    at: now,
    actor: actorOf(command.by),
    data: { name: command.by.name, reason: command.reason, ...judgedUnder(request, command) },
  });
}

/** Cancels a pending request for its requester. */
export function cancel(state: State, command: CommandOf<"cancel">, now: Date): Decision {
  if (state.request.status !== "pending") return refuse(refusalOf(state.request.status, state.request.terms));
  if (!isSamePerson(state.request.requester, command.by)) return refuse("not_requester");
  return close(state, state.request, "cancelled", now, {
    type: "request.cancelled",
    at: now,
    actor: actorOf(command.by),
    data: {},
  });
}

/** Starts approved access for the requester. */
export function start(state: State, command: CommandOf<"start">, now: Date): Decision {
  const { request } = state;
  if (request.status !== "approved")
    return refuse(request.status === "pending" ? "not_approved" : refusalOf(request.status, request.terms));
  if (!isSamePerson(request.requester, command.by)) return refuse("not_requester");
  if (command.isLockedDown === true) return refuse("locked_down");
  const startBy = startByOf(request);
  if (!startBy || state.grants.length > 0) return refuse("already_started");
  if (now >= startBy) return refuse("too_late");
  if (!command.isAllowed) return refuse("policy_changed");
  const begun = grantsOf(request, now);
  return {
    accepted: true,
    next: { request, grants: begun.grants },
    events: begun.events,
    effects: [{ kind: "update_request", dueAt: now }, ...begun.effects],
  };
}

type DecidingCommand = CommandOf<"approve" | "deny">;

/** Whether this person may decide this request now; the button, its form and the decision all use this check. */
export function mayDecide(
  request: AccessRequest,
  {
    type: verdict,
    by,
    isLockedDown,
    authority,
    key,
  }: Pick<DecidingCommand, "type" | "by" | "isLockedDown" | "authority" | "key">,
  now: Date,
):
  | { readonly authority: Authority; readonly refusal?: never }
  | { readonly refusal: Refusal; readonly authority?: never } {
  if (isSamePerson(request.requester, by)) return { refusal: "own_request" };
  if (isLockedDown === true) return { refusal: "locked_down" };
  if (key !== undefined && request.decisions.some((decision) => decision.key === key))
    return { refusal: "repeated" };
  if (request.status !== "pending") return { refusal: refusalOf(request.status, request.terms) };
  if (request.respondBy && now >= request.respondBy) return { refusal: "too_late" };
  if (!authority) return { refusal: "policy_changed" };
  const { steps } = authority;
  if (!steps.some(({ approvers }) => isListed(approvers, by))) return { refusal: "not_approver" };
  if (hasDecided(request.decisions, by)) return { refusal: "decided_before" };
  const { open } = progressOf(request.decisions, authority);
  // One denial ends it, at any step; an approval counts only in an open step.
  if (verdict === "approve" && !open.some((step) => isListed(steps[step]?.approvers ?? [], by)))
    return { refusal: "not_yet_your_step" };
  return { authority };
}

/** The policy's version, if it differs from the one that the request and so its events are recorded under. */
function judgedUnder(
  request: AccessRequest,
  { policyVersion }: DecidingCommand,
): { readonly policyVersion?: string } {
  return policyVersion === undefined || policyVersion === request.policyVersion ? {} : { policyVersion };
}

function withDecision(request: AccessRequest, command: DecidingCommand, now: Date): AccessRequest {
  const { by, key } = command;
  const decision: PersonalDecision = {
    verdict: command.type,
    person: by.id,
    email: by.email,
    name: by.name,
    at: now.toISOString(),
    ...(by.account === undefined ? {} : { account: by.account }),
    ...(command.type === "deny" ? { reason: command.reason } : {}),
    ...(key === undefined ? {} : { key }),
  };
  return { ...request, decisions: [...request.decisions, decision] };
}

/** Whom a step pings, as of when the request was filed. */
function askedIn(request: AccessRequest, step: number, authority: Authority): readonly string[] {
  const asked = request.terms.steps[step];
  return asked?.notify ?? asked?.approvers ?? authority.steps[step]?.approvers ?? [];
}

/** Records what the requester already holds, for those who decide a pending request; refused once it is decided. */
export function noteHeld(state: State, { access }: CommandOf<"note_held">, now: Date): Decision {
  const { request } = state;
  if (request.status !== "pending")
    return { accepted: false, refusal: refusalOf(request.status, request.terms) };
  const event: AuditEvent = {
    type: "request.already_held",
    at: now,
    actor: { kind: "hallpass" },
    data: { access: [...access] },
  };
  return {
    accepted: true,
    next: { ...state, request: { ...request, heldBefore: access } },
    events: [event],
    effects: [{ kind: "update_request", dueAt: now }],
  };
}

/** Approves a request: its grants or its extension are owed, or the requester has to start them. */
export function approval(
  request: AccessRequest,
  actor: Actor,
  now: Date,
): { readonly next: State; readonly events: readonly AuditEvent[]; readonly effects: readonly Effect[] } {
  const closed: AccessRequest = { ...request, status: "approved", closedAt: now };
  const startBy = startByOf(closed);
  const extended = request.terms.extends;
  const begun = extended
    ? { grants: [], events: [], effects: [{ kind: "extend_access", dueAt: now } as const] }
    : startBy
      ? { grants: [], events: [], effects: [{ kind: "lapse_request", dueAt: startBy } as const] }
      : grantsOf(request, now);
  const approved: AuditEvent = {
    type: "request.approved",
    at: now,
    actor,
    data: {
      approvers: countedApprovals(request.decisions).map(({ email }) => email),
      ...(startBy && { startBy: startBy.toISOString() }),
      ...(extended && { extends: requestName(extended) }),
    },
  };
  return {
    next: { request: closed, grants: begun.grants },
    events: [approved, ...begun.events],
    effects: [...tell(approved, now), ...begun.effects],
  };
}

/** The planned grants, owed from now on. */
export function grantsOf(
  request: AccessRequest,
  now: Date,
): {
  readonly grants: readonly Grant[];
  readonly events: readonly AuditEvent[];
  readonly effects: readonly Effect[];
} {
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
  const events = request.planned.map(({ grantId, provider, subject, target, access, input }): AuditEvent => ({
    type: "grant.started",
    at: now,
    actor: { kind: "hallpass" },
    grantId,
    data: {
      provider,
      subject,
      target,
      ...(access === undefined ? {} : { access }),
      ...(input && { input: Object.fromEntries(input.map(({ name, value }) => [name, value])) }),
    },
  }));
  return {
    grants,
    events,
    effects: grants.map(({ id }): Effect => ({ kind: "grant", grantId: id, dueAt: now })),
  };
}
