import type { AuditEvent } from "../audit-event.ts";
import type { CommandOf, Decision } from "../command.ts";
import type { State } from "../state.ts";
import type { Effect } from "../effect.ts";
import { handedOver } from "./grant.ts";
import { accept, by, notStatus, onGrant, whose } from "./transitions.ts";
import { tell } from "../request/consequences.ts";

/** Records when the access was last seen in use. Writes no event. */
export function noteUse(state: State, { grantId, at }: CommandOf<"note_use">): Decision {
  return onGrant(state, grantId, (grant) => {
    if (grant.status !== "active") return { accepted: false, refusal: notStatus[grant.status] };
    return accept(state, { ...grant, lastUsedAt: at }, [], []);
  });
}

/** Records that the provider is about to be asked, unless the grant was told to end. Writes no event. */
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

/** Records that it is not known whether the access exists; reported once, until it is known. */
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
    // A grant that is still being made is no trouble.
    const alerts: readonly Effect[] = isPending === true ? [] : [{ kind: "tell_alerts", dueAt: now, event }];
    return accept(state, { ...grant, lastError: error }, [event], [...tell(event, now), ...alerts]);
  });
}

/** Records that the access was granted again after the end of another grant had taken it away. */
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
