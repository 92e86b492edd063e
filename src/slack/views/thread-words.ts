import { type AuditEvent, type EventData, isTaking } from "../../domain/audit-event.ts";
import { formatDuration } from "../../domain/duration.ts";
import { maxNames } from "./approval-message.ts";
import { actor, changeLines, discountWords, endWords, type Told, wordStep } from "./event-words.ts";
import { code, type Piece } from "./rich-text.ts";

/** One event in words for the request's thread. */
export function toThread(event: AuditEvent): Told | undefined {
  switch (event.type) {
    case "approval.given":
      return {
        line: [
          "✅ Approved by ",
          actor(event),
          ` (${wordStep(event.data)}).`,
          ...(event.data.asks === undefined ? [] : [" The next step waits for"]),
        ],
      };
    case "request.approved":
      return { line: approvedLine(event) };
    case "request.reminded":
      return { line: ["⏰ Still waiting for"] };
    case "request.escalated":
      return { line: ["⏫ Nobody has decided yet; these may now too:"] };
    case "request.lapsed":
      return { line: ["⌛ Approved, but not started in time; nothing was granted. It can be asked again."] };
    case "break_glass.used":
      return {
        line: [
          "🚨 Access taken by break-glass, without approval, by ",
          actor(event),
          `. To be reviewed by ${event.data.reviewers.slice(0, maxNames).join(", ")} until `,
          new Date(event.data.reviewBy),
          ".",
        ],
      };
    case "break_glass.reviewed":
      return {
        line: [
          event.data.verdict === "accept"
            ? "☑️ Break-glass reviewed and found justified by "
            : "🚨 Break-glass reviewed and found not justified by ",
          actor(event),
          ":",
        ],
        said: event.data.note,
      };
    case "break_glass.overdue":
      return { line: ["🚨 Nobody has reviewed this use of break-glass yet. It waits for"] };
    case "grant.extended":
      return {
        line: [
          "⏳ Extended by ",
          `${event.data.by}: `,
          code(event.data.subject),
          ` in ${event.data.provider} until `,
          new Date(event.data.expiresAt),
          ".",
        ],
      };
    case "extension.failed":
      return { line: [`⚠️ ${event.data.extends} could not be extended:`], said: event.data.why };
    case "request.denied":
      return { line: ["⛔ Denied by ", actor(event), ":"], said: event.data.reason };
    case "approval.discounted":
      return {
        line: [
          "↩️ The approval by ",
          { email: event.data.approver },
          ` does not count any more: ${discountWords[event.data.why]}.`,
        ],
      };
    case "request.cancelled":
      return {
        line: [
          event.data.reason === undefined
            ? "Cancelled by the person who asked."
            : `Closed: ${endWords(event.data.reason)}.`,
        ],
        ...(event.data.changes && { said: changeLines(event.data.changes) }),
      };
    case "person.joined":
    case "person.passed":
    case "person.split":
      return undefined;
    case "request.expired":
      return { line: ["⌛ Nobody decided in time; the request expired. It can be asked again."] };
    case "grant.active":
      return {
        line: [
          "🔓 Granted to ",
          code(event.data.subject),
          ` in ${event.data.provider} until `,
          new Date(event.data.expiresAt),
          event.data.standing === true ? ". They held it before, so it stays when this ends." : ".",
        ],
      };
    case "grant.unsettled":
      if (event.data.pending === true)
        return {
          line: [
            "⏳ ",
            `${event.data.provider} is still making the access of `,
            code(event.data.subject),
            ":",
          ],
          said: event.data.error,
        };
      return {
        line: [
          "⏳ Hallpass was interrupted while it asked for the access of ",
          code(event.data.subject),
          `, and ${event.data.provider} cannot be read: whether the access exists is not known. It is asked until it answers, or the time is over:`,
        ],
        said: event.data.error,
      };
    case "grant.handover_shown":
      return { line: [`👁️ ${event.data.handover}: shown to the person who asked, once.`] };
    case "grant.handed_over":
      return undefined;
    case "grant.restored":
      return {
        line: [
          `🔓 The end of ${event.data.endOf} had taken this access of `,
          code(event.data.subject),
          ` in ${event.data.provider} away too; it was given again.`,
        ],
      };
    case "grant.failed":
      return {
        line: [
          event.data.neverAsked === true
            ? `⚠️ The grant failed before ${event.data.provider} was asked for it, so nothing was given:`
            : `⚠️ The grant failed in ${event.data.provider}. If any of it happened, it is being taken away:`,
        ],
        said: event.data.error,
      };
    case "revocation.failed":
      return {
        line: [
          "🚨 The access of ",
          code(event.data.subject),
          ` in ${event.data.provider} should have ended and could not be taken away (attempt ${event.data.attempt}). ${prospects(event.data.retryable)}`,
        ],
        said: event.data.error,
      };
    case "revocation.overdue":
      return overdue(event.data);
    case "grant.revoked":
      if (event.data.neverAsked === true)
        return {
          line: [
            `🔒 ${event.data.provider} was never asked for this access of `,
            code(event.data.subject),
            ", so there was nothing to take away.",
          ],
        };
      if (event.data.standing === true) {
        return {
          line: [
            `🔒 This grant ended (${endWords(event.data.reason)}); `,
            code(event.data.subject),
            ` held the access in ${event.data.provider} before, and keeps it.`,
            ...late(event.data),
          ],
        };
      }
      if (event.data.others !== undefined)
        return {
          line: [
            `🔒 What was granted here is gone (${endWords(event.data.reason)}), but `,
            code(event.data.subject),
            ` has the same still in ${event.data.provider}, or may take it, by what others gave. Hallpass leaves that alone:`,
            ...late(event.data),
          ],
          said: [event.data.others, made(event.data)].filter((part) => part !== undefined).join("\n"),
        };
      if (event.data.keptBy !== undefined) {
        return {
          line: [
            `🔒 This grant ended (${endWords(event.data.reason)}); the same access is kept by ${event.data.keptBy}.`,
            ...late(event.data),
          ],
        };
      }
      return {
        line:
          event.data.reason === "failed"
            ? [
                "🔒 Verified: no access of ",
                code(event.data.subject),
                ` is left in ${event.data.provider}.`,
                ...late(event.data),
              ]
            : [
                `🔒 Revoked and verified: `,
                code(event.data.subject),
                ` no longer has this access in ${event.data.provider} (${endWords(event.data.reason)}).`,
                ...late(event.data),
                ...(event.data.outlives === undefined ? [] : [" What they made with it is still there:"]),
              ],
        ...withMade(event.data),
      };
    case "grant.reappeared":
      return {
        line: [
          "🚨 The access of ",
          code(event.data.subject),
          ` in ${event.data.provider} (`,
          code(event.data.access),
          ") had ended and was verified gone, and is there again without a new approval. It is being taken away.",
        ],
      };
    case "grant.vanished":
      return {
        line: [
          "🕳️ The access of ",
          code(event.data.subject),
          ` in ${event.data.provider} (`,
          code(event.data.access),
          ") is gone before its end: somebody took it away outside Hallpass. It is not given again by itself; it can be asked for again.",
        ],
      };
    case "request.refused":
      return { line: ["🚨 Refused, and whoever keeps the policy can mend why:"], said: event.data.why };
    case "request.created":
    case "request.already_held":
    case "request.flagged":
    case "approval.flagged":
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

/** Words overdue access: who may still have what, since when they should not, and what came of taking it away. */
function overdue(data: EventData<"revocation.overdue">): Told {
  const line: readonly Piece[] = [
    `🚨 Overdue by ${formatDuration(wholeMinutes(data.lateSeconds))}: `,
    code(data.subject),
    " may still have ",
    code(data.access),
    ` in ${data.provider}. It should have ended `,
    new Date(data.since),
    " and is not proven gone. ",
  ];
  if (data.error === undefined) {
    return {
      line: [
        ...line,
        "Nothing has tried to take it away yet, so look whether Hallpass's own work stands still.",
      ],
    };
  }
  const tried = data.attempts === 1 ? "once" : `${data.attempts} times`;
  return { line: [...line, `Tried ${tried}. ${prospects(data.retryable)}`], said: data.error };
}

function wholeMinutes(seconds: number): number {
  return Math.floor(seconds / 60) * 60;
}

/** The outlook for further attempts, to be followed by the provider's own words. */
function prospects(retryable: boolean | undefined): string {
  return retryable === false
    ? "It will not work without somebody's help, and is tried again all the same:"
    : "It is tried again until it is gone:";
}

/** Says how late access ended, if it did not end in time. */
function late({ lateSeconds }: EventData<"grant.revoked">): readonly Piece[] {
  return lateSeconds === undefined ? [] : [` Gone now, ${formatDuration(wholeMinutes(lateSeconds))} late.`];
}

function approvedLine(event: AuditEvent<"request.approved">): readonly Piece[] {
  const { startBy, extends: extended } = event.data;
  const next =
    extended !== undefined
      ? [` ${extended} lasts longer.`]
      : startBy === undefined
        ? [" The access is being granted."]
        : [" The person who asked starts it until ", new Date(startBy), "."];
  if (event.actor.kind === "policy") return ["✅ Approved by the policy at once.", ...next];
  if (isTaking(event)) return ["🚨 Taken at once by ", actor(event), ".", ...next];
  return ["✅ Approved by ", actor(event), ".", ...next];
}

function withMade(data: EventData<"grant.revoked">): { readonly said?: string } {
  const said = made(data);
  return said === undefined ? {} : { said };
}

/** What the person made that outlives the grant, if anything. */
function made({ subject, outlives }: EventData<"grant.revoked">): string | undefined {
  return outlives === undefined ? undefined : `${subject} ${outlives}`;
}
