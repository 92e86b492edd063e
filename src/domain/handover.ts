import type { AuditEvent } from "./audit-event.ts";
import type { CommandOf, Decision } from "./command.ts";
import type { State } from "./state.ts";
import { handedOver } from "./grant.ts";
import { accept, by, notStatus, onGrant, whose } from "./grant-transitions.ts";
import { isSamePerson } from "./person.ts";
import type { Refusal } from "./refusal.ts";
import { actorOf, tell } from "./request-consequences.ts";

/** Whoever asked sees what was handed over: once, for nobody has it any more from here on. */
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

/** What was handed over has something else in its place, or nothing that works: whoever has it is told. */
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
