import type { AuditEvent } from "./audit-event.ts";
import type { Command, Decision, State } from "./decide.ts";
import { accept, by, notStatus, onGrant, whose } from "./grant-transitions.ts";
import { tell } from "./request-consequences.ts";

/** The access was seen to be used; remembered with the grant, and no event of its own. */
export function noteUse(state: State, { grantId, at }: Extract<Command, { type: "note_use" }>): Decision {
  return onGrant(state, grantId, (grant) => {
    if (grant.status !== "active") return { accepted: false, refusal: notStatus[grant.status] };
    return accept(state, { ...grant, lastUsedAt: at }, [], []);
  });
}

/** The person held it before; remembered with the grant, whose own event says it. */
export function noteStanding(
  state: State,
  { grantId }: Extract<Command, { type: "note_standing" }>,
): Decision {
  return onGrant(state, grantId, (grant) => {
    // Also where it was told to end meanwhile: what is theirs is not to be taken with it.
    if (grant.status !== "granting" && grant.status !== "revoking")
      return { accepted: false, refusal: notStatus[grant.status] };
    return accept(state, { ...grant, isStanding: true }, [], []);
  });
}

/** Whether the access exists is not known; said once, until it is. */
export function grantUnsettled(
  state: State,
  { grantId, error }: Extract<Command, { type: "grant_unsettled" }>,
  now: Date,
): Decision {
  return onGrant(state, grantId, (grant) => {
    if (grant.status !== "granting" || grant.lastError !== undefined)
      return { accepted: false, refusal: notStatus[grant.status] };
    const event: AuditEvent = {
      type: "grant.unsettled",
      ...by(grant, now),
      data: { ...whose(grant), error },
    };
    return accept(
      state,
      { ...grant, lastError: error },
      [event],
      [...tell(event, now), { kind: "tell_alerts", dueAt: now, event }],
    );
  });
}

/** The access was given again after the end of another grant had taken it away. */
export function restore(state: State, command: Extract<Command, { type: "restore" }>, now: Date): Decision {
  return onGrant(state, command.grantId, (grant) => {
    if (grant.status !== "active") return { accepted: false, refusal: notStatus[grant.status] };
    const event: AuditEvent = {
      type: "grant.restored",
      ...by(grant, now),
      data: { ...whose(grant), endOf: command.endOf },
    };
    return accept(state, { ...grant, state: command.state }, [event], tell(event, now));
  });
}
