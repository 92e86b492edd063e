import type { AuditEvent } from "./audit-event.ts";
import type { CommandOf, Decision } from "./command.ts";
import type { State } from "./state.ts";
import type { Effect } from "./effect.ts";
import { handedOver } from "./grant.ts";
import { accept, by, notStatus, onGrant, whose } from "./grant-transitions.ts";
import { tell } from "./request-consequences.ts";

/** The access was seen to be used; remembered with the grant, and no event of its own. */
export function noteUse(state: State, { grantId, at }: CommandOf<"note_use">): Decision {
  return onGrant(state, grantId, (grant) => {
    if (grant.status !== "active") return { accepted: false, refusal: notStatus[grant.status] };
    return accept(state, { ...grant, lastUsedAt: at }, [], []);
  });
}

/** The provider is asked next; what was told to end meanwhile is not asked for any more. Remembered with the grant, and no event of its own. */
export function noteAsked(
  state: State,
  { grantId, ids, state: provided, isStanding }: CommandOf<"note_asked">,
  now: Date,
): Decision {
  return onGrant(state, grantId, (grant) => {
    if (grant.status !== "granting") return { accepted: false, refusal: notStatus[grant.status] };
    const { isStanding: _, ...rest } = grant;
    const asked = { ...rest, askedAt: now, ids, state: provided };
    return accept(state, isStanding ? { ...asked, isStanding } : asked, [], []);
  });
}

/** Whether the access exists is not known; said once, until it is. */
export function grantUnsettled(
  state: State,
  { grantId, error, isPending }: CommandOf<"grant_unsettled">,
  now: Date,
): Decision {
  return onGrant(state, grantId, (grant) => {
    if (grant.status !== "granting" || grant.lastError !== undefined)
      return { accepted: false, refusal: notStatus[grant.status] };
    const event: AuditEvent = {
      type: "grant.unsettled",
      ...by(grant, now),
      data: { ...whose(grant), error, ...(isPending === true ? { pending: true } : {}) },
    };
    // That it takes its time is no trouble.
    const alerts: readonly Effect[] = isPending === true ? [] : [{ kind: "tell_alerts", dueAt: now, event }];
    return accept(state, { ...grant, lastError: error }, [event], [...tell(event, now), ...alerts]);
  });
}

/** The access was given again after the end of another grant had taken it away. */
export function restore(state: State, command: CommandOf<"restore">, now: Date): Decision {
  return onGrant(state, command.grantId, (grant) => {
    if (grant.status !== "active") return { accepted: false, refusal: notStatus[grant.status] };
    const event: AuditEvent = {
      type: "grant.restored",
      ...by(grant, now),
      data: { ...whose(grant), endOf: command.endOf, ...handedOver(command.handover) },
    };
    const { handover = grant.handover } = command;
    const restored = { ...grant, state: command.state, ...(handover && { handover }) };
    return accept(state, restored, [event], tell(event, now));
  });
}
