import { type AuditEvent, type EventData, isTaking } from "../../domain/audit-event.ts";
import { formatDuration } from "../../domain/duration.ts";
import type { DiscountReason } from "../../domain/request/request.ts";
import { nameOf } from "./consent.ts";

/** Describes an event in a sentence for people; who and when are in it or shown beside it. */
export function eventText(event: AuditEvent): string {
  const by = nameOf(event.actor);
  switch (event.type) {
    case "request.created":
      return `${by} asked for ${asked(event.data)}`;
    case "request.refused":
      return `${by} asked for ${asked(event.data)}; it was refused: ${event.data.why}`;
    case "request.already_held":
      return `the person has it already, by a right of their own: ${listed(event.data.access)}`;
    case "approval.given":
      return `approved by ${by} (${wordStep(event.data)})${under(event.data.policyVersion)}`;
    case "request.approved":
      if (isTaking(event)) return `taken at once by ${by}, by break-glass, without approval`;
      return approved(
        event.data,
        event.actor.kind === "policy" ? "at once by the policy's rule" : `by ${by}`,
      );
    case "request.flagged":
      return `unusual about the request: ${listed(event.data.flags.map(({ why }) => why))}`;
    case "approval.flagged":
      return `unusual about the approval by ${event.data.approver}: ${listed(event.data.flags.map(({ why }) => why))}`;
    case "request.denied":
      return `denied by ${by}: ${event.data.reason}${under(event.data.policyVersion)}`;
    case "approval.discounted":
      return `the approval by ${event.data.approver} does not count any more: ${discountReason[event.data.why]}`;
    case "request.cancelled":
      return event.data.reason === undefined
        ? `taken back by ${by}`
        : `closed by ${by}: ${endReason(event.data.reason)}${changed(event.data.changes)}`;
    case "request.expired":
      return `nobody had decided by ${event.data.respondBy}; the request expired`;
    case "request.reminded":
      return `still waiting; reminded: ${listed(event.data.asks)}`;
    case "request.escalated":
      return `still waiting; these may decide too from now on: ${listed(event.data.asks)}`;
    case "request.lapsed":
      return `not started by ${event.data.startBy}; nothing was granted`;
    case "extension.failed":
      return `${event.data.extends} could not be made to last longer: ${event.data.why}`;
    case "break_glass.used":
      return `${by} took the access at once, by break-glass, without approval; to be reviewed by ${event.data.reviewBy} by ${listed(event.data.reviewers)}`;
    case "break_glass.reviewed":
      return `break-glass reviewed by ${by} and found ${event.data.verdict === "accept" ? "justified" : "not justified"}: ${event.data.note}`;
    case "break_glass.overdue":
      return `nobody had reviewed this use of break-glass by ${event.data.reviewBy}: ${listed(event.data.reviewers)}`;
    case "decision.refused":
      return `${by} tried to ${event.data.attempted} but was refused: ${event.data.why}`;
    case "grant.started":
      return `granting to ${whose(event.data)} began`;
    case "grant.active":
      return `granted to ${whose(event.data)} from ${event.data.activeAt} until ${event.data.expiresAt}${event.data.standing === true ? "; they held it before" : ""}`;
    case "grant.extended":
      return `extended by ${event.data.by}: ${whose(event.data)} until ${event.data.expiresAt}`;
    case "grant.handover_shown":
      return `${by} saw what was handed over with the access (${event.data.handover}); it is kept nowhere any more`;
    case "grant.handed_over":
      return event.data.handover === undefined
        ? `what was handed over to ${whose(event.data)} may not work any more, because of ${event.data.because}`
        : `${event.data.handover} was handed over to ${whose(event.data)} anew, because of ${event.data.because}`;
    case "grant.failed":
      return `granting to ${whose(event.data)} failed${event.data.neverAsked === true ? " before it was asked for" : "; what may have half happened is taken away"}: ${event.data.error}`;
    case "grant.unsettled":
      return `whether ${whose(event.data)} has the access is not known yet${event.data.pending === true ? ", for it is still being made" : ""}: ${event.data.error}`;
    case "grant.restored":
      return `the end of ${event.data.endOf} had taken it away too; given again to ${whose(event.data)}`;
    case "grant.landed_late":
      return `granted to ${whose(event.data)} after it had been told to end; it is taken away again`;
    case "grant.reappeared":
      return `${event.data.access} of ${whose(event.data)} had ended and is there again, without a new approval; it is taken away again`;
    case "grant.vanished":
      return `${event.data.access} of ${whose(event.data)} is gone before its end, by nobody's doing here`;
    case "grant.came_back":
      return `${event.data.access} of ${whose(event.data)} had vanished and is there again`;
    case "grant.revoking":
      return `${whose(event.data)} is to end: ${endReason(event.data.reason)}${event.actor.kind === "person" ? `, by ${by}` : ""}`;
    case "revocation.failed":
      return `taking it from ${whose(event.data)} failed, attempt ${event.data.attempt}: ${event.data.error}`;
    case "revocation.overdue":
      return `${event.data.access} of ${whose(event.data)} should have been gone since ${event.data.since} and is not proven gone`;
    case "grant.revoked":
      return `ended for ${whose(event.data)}: ${endReason(event.data.reason)}, ${proof(event.data)}${late(event.data.lateSeconds)}`;
    case "drift.found":
      return `${found(event.data)} by nobody's approval; ${event.data.outcome}${event.data.why === undefined ? "" : `: ${event.data.why}`}`;
    case "drift.adopted":
      return `${found(event.data)}; adopted by ${by}`;
    case "drift.removed":
      return `${found(event.data)}; taken away and proven gone`;
    case "drift.removal_failed":
      return `${found(event.data)}; taking it away failed: ${event.data.error}`;
    case "drift.gone":
      return `${found(event.data)}; gone, by nobody's doing here`;
    case "message.failed":
      return `a message (${event.data.kind}) could not be posted${event.data.channel === undefined ? "" : ` in ${event.data.channel}`}: ${event.data.error}`;
    case "lockdown.begun":
      return `${by} locked ${event.data.value} down: ${event.data.reason}`;
    case "lockdown.lifted":
      return `${by} lifted the lockdown of ${event.data.value}`;
    case "lockdown.refused":
      return `${by} tried a lockdown but was refused: ${event.data.why}`;
    case "policy.loaded":
      return `the policy ${event.data.hash.slice(0, 8)} is in force (${event.data.via})`;
    case "policy.refused":
      return `a policy was refused (${event.data.via}); ${event.data.inForce.slice(0, 8)} stays in force`;
    case "audit.exported":
      return `${by} exported the audit as ${event.data.format} (${event.data.via})`;
    case "audit.export_failed":
      return `the audit's export could not be sent to ${by}: ${event.data.why}`;
    case "audit.asked":
      return `${by} asked the audit: ${event.data.question} (${event.data.via})`;
    case "audit.retained":
      return `${by} retired the audit's places ${event.data.from} to ${event.data.to}, older than ${event.data.before}, ${event.data.archive === undefined ? "and kept them nowhere" : `kept as ${event.data.archive}`} (${event.data.via})`;
    case "audit.refused":
      return `${by} wanted to read the audit but was refused: ${event.data.why}`;
    case "person.joined":
      return `person ${event.data.other} turned out to be person ${event.data.person}: both go by ${event.data.address}${event.data.requests.length === 0 ? "" : `; one had decided about the other: ${listed(event.data.requests)}`}`;
    case "person.passed":
      return `${event.data.address} was that of person ${event.data.other}, who has left, and is that of person ${event.data.person}`;
    case "person.split":
      return `${listed(event.data.names)} became person ${event.data.other} instead of person ${event.data.person}, by ${by} (${event.data.via})`;
    case "person.erased":
      return `erased person ${event.data.person}`;
  }
}

/** Why access ended, in words. */
export function endReason(reason: string): string {
  return endReasons.get(reason) ?? reason;
}

const endReasons: ReadonlyMap<string, string> = new Map([
  ["expired", "its time was over"],
  ["returned", "given back"],
  ["idle", "it was not used"],
  ["withdrawn", "withdrawn"],
  ["offboarded", "the person has left"],
  ["lockdown", "lockdown"],
  ["drift", "it was there after its end"],
  ["policy_changed", "the policy has changed since it was asked"],
  ["failed", "granting had failed"],
]);

/** Why an approval stopped counting, in words. */
const discountReason: Readonly<Record<DiscountReason, string>> = {
  lockdown: "they are locked down",
  offboarded: "they have left",
  own: "they turned out to be the person who asked",
};

function changed(changes: EventData<"request.cancelled">["changes"] = []): string {
  return changes.map(({ access, shown, today }) => `; ${access} was ${shown} and is ${today}`).join("");
}

type Ended = Pick<EventData<"grant.revoked">, "verified" | "keptBy" | "standing" | "others" | "neverAsked">;

/** Whether the access is proven gone, and if not, why. */
export function proof({ verified, keptBy, standing, others, neverAsked }: Ended): string {
  if (neverAsked === true) return "never asked for, so there was nothing to take away";
  if (keptBy !== undefined) return `the same access is kept by ${keptBy}`;
  if (standing === true) return "left in place, for they held it before";
  if (others !== undefined)
    return `what was given here is gone; they have the same still, or may take it: ${others}`;
  return verified ? "proven gone" : "NOT proven gone";
}

/** How much later than due it was; empty if it was in time. */
export function late(seconds: number | undefined): string {
  return seconds === undefined ? "" : `, ${formatDuration(seconds)} late`;
}

function asked({
  durationSeconds,
  reason,
  ticket,
}: Pick<EventData<"request.created">, "durationSeconds" | "reason" | "ticket">): string {
  return `${formatDuration(durationSeconds)}: ${reason}${ticket === undefined ? "" : ` (${ticket})`}`;
}

function wordStep({ have, needed, step, steps }: EventData<"approval.given">): string {
  return `${have} of ${needed}${step === undefined || steps === undefined ? "" : `, step ${step} of ${steps}`}`;
}

function approved({ startBy, extends: extended }: EventData<"request.approved">, how: string): string {
  if (extended !== undefined) return `approved ${how}: ${extended} lasts longer`;
  return `approved ${how}${startBy === undefined ? "" : `; to be started by ${startBy}`}`;
}

function under(policyVersion: string | undefined): string {
  return policyVersion === undefined ? "" : `, under policy ${policyVersion.slice(0, 8)}`;
}

function whose({ subject, provider }: { readonly subject: string; readonly provider: string }): string {
  return `${subject} in ${provider}`;
}

function found(data: EventData<"drift.adopted">): string {
  return `${whose(data)} has ${data.access.length === 0 ? "unnamed access" : listed(data.access)}`;
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? "nobody" : names.join(", ");
}
