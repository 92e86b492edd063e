import { type AuditEvent, isTaking } from "../../domain/audit-event.ts";
import { formatDuration } from "../../domain/duration.ts";
import { onOneLine, shorten } from "../../domain/text.ts";
import type { AccessRequest } from "../../domain/request/request.ts";
import { actor, changeLines, discountWords, endWords, type Told, wordStep } from "./event-words.ts";
import { maxNames } from "./approval-message.ts";
import { code } from "./rich-text.ts";

const taken = "taken by break-glass, without approval. The access is being granted.";

/** One event in words for the requester. */
export function toRequester(event: AuditEvent, request: AccessRequest): Told | undefined {
  switch (event.type) {
    case "request.created":
      return {
        line: [
          `you asked for ${formatDuration(request.durationSeconds)}. It waits for approval; you are told here what happens.`,
          ...(request.ticket === undefined ? [] : [` Ticket: ${shorten(onOneLine(request.ticket), 100)}.`]),
        ],
      };
    case "approval.given":
      return { line: ["approved by ", actor(event), ` (${wordStep(event.data)}).`] };
    case "request.approved":
      if (isTaking(event)) return { line: [taken] };
      if (event.data.extends !== undefined)
        return { line: [`approved. ${event.data.extends} lasts longer.`] };
      return event.data.startBy === undefined
        ? { line: ["approved. The access is being granted."] }
        : {
            line: [
              "approved. Start it when you need it, until ",
              new Date(event.data.startBy),
              `; it then lasts ${formatDuration(request.durationSeconds)}.`,
            ],
          };
    case "grant.extended":
      return { line: ["your access lasts longer, until ", new Date(event.data.expiresAt), "."] };
    case "extension.failed":
      return { line: [`${event.data.extends} could not be extended:`], said: event.data.why };
    case "request.lapsed":
      return { line: ["it was not started in time, so nothing was granted. You can ask again."] };
    case "break_glass.used":
      return {
        line: [
          `${taken} To be reviewed by ${event.data.reviewers.slice(0, maxNames).join(", ")} until `,
          new Date(event.data.reviewBy),
          ".",
        ],
      };
    case "break_glass.reviewed":
      return {
        line: [
          `your use of break-glass was found ${event.data.verdict === "accept" ? "justified" : "not justified"} by `,
          actor(event),
          ":",
        ],
        said: event.data.note,
      };
    case "request.denied":
      return { line: ["denied by ", actor(event), ":"], said: event.data.reason };
    case "approval.discounted":
      return {
        line: [
          "the approval by ",
          { email: event.data.approver },
          ` does not count any more: ${discountWords[event.data.why]}.`,
        ],
      };
    case "request.cancelled":
      return event.data.changes
        ? {
            line: [`closed: ${endWords("policy_changed")}. You can ask again.`],
            said: changeLines(event.data.changes),
          }
        : { line: ["cancelled."] };
    case "person.joined":
    case "person.passed":
    case "person.split":
      return undefined;
    case "request.expired":
      return { line: ["nobody decided in time; the request expired. You can ask again."] };
    case "grant.active":
      return {
        line: [
          "you have access as ",
          code(event.data.subject),
          " until ",
          new Date(event.data.expiresAt),
          event.data.use === undefined ? "." : ". To use it:",
        ],
        ...(event.data.use !== undefined && { said: event.data.use }),
      };
    case "grant.handed_over":
      return {
        line: [
          event.data.handover === undefined
            ? `what your access came with may not work any more, because of ${event.data.because}. Where it does not, give the access back and ask again.`
            : `what your access came with before does not work any more, because of ${event.data.because}.`,
        ],
      };
    case "grant.handover_shown":
      return {
        line: [
          `you have seen what your access came with (${event.data.handover}). If that was not you, give the access back and tell an admin.`,
        ],
      };
    case "grant.unsettled":
      if (event.data.pending === true) return { line: ["it is still being made:"], said: event.data.error };
      return {
        line: ["it is not known yet whether the access was granted; you are told when it is:"],
        said: event.data.error,
      };
    case "grant.restored":
      return {
        line: [
          `the end of ${event.data.endOf} had taken your access away too; you have it again. Connect anew.`,
        ],
      };
    case "grant.failed":
      return { line: ["the access could not be granted:"], said: event.data.error };
    case "grant.revoked":
      if (event.data.neverAsked === true)
        return { line: ["nothing was granted, so nothing was taken away."] };
      if (event.data.keptBy !== undefined) {
        return {
          line: [
            `this grant ended (${endWords(event.data.reason)}); you keep the access by ${event.data.keptBy}.`,
          ],
        };
      }
      if (event.data.standing === true)
        return {
          line: [`this grant ended (${endWords(event.data.reason)}); you keep what you held before.`],
        };
      if (event.data.others !== undefined)
        return {
          line: [
            `this grant ended (${endWords(event.data.reason)}); you have the same still, or may take it, by what others gave:`,
          ],
          said: event.data.others,
        };
      return event.data.reason === "failed"
        ? { line: ["verified: no access is left behind."] }
        : { line: [`your access ended (${endWords(event.data.reason)}) and is verified gone.`] };
    case "grant.reappeared":
      return {
        line: [
          "your access as ",
          code(event.data.subject),
          ` in ${event.data.provider} had ended and is there again without a new approval. It is being taken away; where you still need it, ask again.`,
        ],
      };
    case "grant.vanished":
      return {
        line: [
          "your access as ",
          code(event.data.subject),
          ` in ${event.data.provider} is gone before its end: somebody took it away outside Hallpass. It is not given again by itself. Where you still need it, ask again: `,
          code(`/request-access ${event.data.access.replace(":", " ")}`),
        ],
      };
    case "request.refused":
    case "request.already_held":
    case "request.flagged":
    case "approval.flagged":
    case "request.reminded":
    case "request.escalated":
    case "break_glass.overdue":
    case "decision.refused":
    case "grant.started":
    case "grant.landed_late":
    case "grant.came_back":
    case "drift.found":
    case "drift.adopted":
    case "drift.removed":
    case "drift.removal_failed":
    case "drift.gone":
    case "grant.revoking":
    case "revocation.failed":
    case "revocation.overdue":
    case "message.failed":
    case "lockdown.begun":
    case "lockdown.lifted":
    case "lockdown.refused":
    case "policy.loaded":
    case "policy.refused":
    case "audit.exported":
    case "audit.export_failed":
    case "audit.asked":
    case "audit.retained":
    case "audit.refused":
    case "person.erased":
      return undefined;
  }
}
