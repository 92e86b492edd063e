import type { AuditEvent } from "../audit-event.ts";
import type { CommandOf, Decision } from "../command.ts";
import type { State } from "../state.ts";
import { handedOver } from "./grant.ts";
import { accept, by, notStatus, onGrant, whose } from "./transitions.ts";
import { isSamePerson } from "../person.ts";
import type { Refusal } from "../refusal.ts";
import { actorOf, tell } from "../request/consequences.ts";

/** Shows the requester what was handed over, once: its content is deleted. */
export function showHandover(state: State, command: CommandOf<"show_handover">, now: Date): Decision {
  return onGrant(state, command.grantId, (grant) => {
    const { handover } = grant;
    const refuse = (refusal: Refusal): Decision => ({ accepted: false, refusal });
    if (!isSamePerson(state.request.requester, command.by)) return refuse("not_requester");
    if (command.isLockedDown === true) return refuse("locked_down");
    if (grant.status !== "active") return refuse(notStatus[grant.status]);
    if (!grant.expiresAt || now >= grant.expiresAt) return refuse("grant_ended");
    if (!handover) return refuse("handover_replaced");
    if (handover.sealed === undefined) return refuse("nothing_to_show");
    if (command.isReplaced) return refuse("handover_replaced");
    if (!command.opens) return refuse("handover_unreadable");
    const event: AuditEvent = {
      type: "grant.handover_shown",
      ...by(grant, now),
      actor: actorOf(command.by),
      data: { ...whose(grant), handover: handover.title },
    };
    const { sealed: _, ...seen } = handover;
    return accept(state, { ...grant, handover: seen }, [event], tell(event, now));
  });
}

/** Replaces what was handed over, or drops it if nothing works in its place, and tells the requester. */
export function handOver(
  state: State,
  { grantId, because, state: provided, handover }: CommandOf<"hand_over">,
  now: Date,
): Decision {
  return onGrant(state, grantId, (before) => {
    const { handover: _, ...grant } = before;
    if (grant.status !== "active") return { accepted: false, refusal: notStatus[grant.status] };
    const event: AuditEvent = {
      type: "grant.handed_over",
      ...by(grant, now),
      data: { ...whose(grant), because, ...handedOver(handover) },
    };
    const next = { ...grant, ...(provided && { state: provided }), ...(handover && { handover }) };
    return accept(state, next, [event], tell(event, now));
  });
}
