import type { Actor, AuditEvent } from "../audit-event.ts";
import type { Decision } from "../command.ts";
import type { State } from "../state.ts";
import type { Effect } from "../effect.ts";
import type { Person } from "../person.ts";
import type { Refusal } from "../refusal.ts";
import type { AccessRequest, RequestStatus, Terms } from "./request.ts";

/** Why nothing can be decided about a request that is not pending. */
export function refusalOf(status: ClosedStatus, { breakGlass }: Pick<Terms, "breakGlass">): Refusal {
  return status === "approved" && breakGlass ? "already_taken" : refusalByStatus[status];
}

type ClosedStatus = Exclude<RequestStatus, "pending">;

const refusalByStatus: Readonly<Record<ClosedStatus, Refusal>> = {
  approved: "already_approved",
  denied: "already_denied",
  cancelled: "already_cancelled",
  expired: "already_expired",
  refused: "already_refused",
};

/** The person as the audit names them. */
export function actorOf(person: Person): Actor {
  const { id, email, account } = person;
  return { kind: "person", id, email, ...(account ? { account } : {}) };
}

/** Effects that announce an event in the request's thread and to the requester. */
export function tell(event: AuditEvent, now: Date): readonly Effect[] {
  return [
    { kind: "tell_thread", dueAt: now, event },
    { kind: "tell_requester", dueAt: now, event },
  ];
}

/** The time that many seconds after `now`. */
export function later(now: Date, seconds: number): Date {
  return new Date(now.getTime() + seconds * 1000);
}

/** Deadline for starting an approved request; `undefined` if it is not approved, or starts by itself. */
export function startByOf(request: AccessRequest): Date | undefined {
  const { startWithinSeconds } = request.terms;
  if (startWithinSeconds === undefined || request.status !== "approved" || !request.closedAt)
    return undefined;
  return later(request.closedAt, startWithinSeconds);
}

/** Ends a pending request, or an approved one that was never started. */
export function close(
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
