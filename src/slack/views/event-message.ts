import type { KnownBlock } from "@slack/types";
import type { AuditEvent } from "../../domain/audit-event.ts";
import { formatDuration } from "../../domain/duration.ts";
import { type AccessRequest, requestName } from "../../domain/request.ts";
import { accessTitle, type Message } from "./approval-message.ts";
import {
  bold,
  code,
  escapeMrkdwn,
  formatTime,
  paragraph,
  type Piece,
  quote,
  richText,
  shorten,
} from "./rich-text.ts";

type Told = { readonly line: readonly Piece[]; readonly said?: string };

/** One event, said in the request's thread. `undefined`: not worth a message there. */
export function threadMessage(event: AuditEvent): Message | undefined {
  const told = toThread(event);
  return told && message(told.line, told.said);
}

/** One event, said to the requester by direct message. */
export function requesterMessage(event: AuditEvent, request: AccessRequest): Message | undefined {
  const told = toRequester(event, request);
  return (
    told && message([bold(requestName(request)), ` (${accessTitle(request)}): `, ...told.line], told.said)
  );
}

/** One event, said in the alerts channel. */
export function alertMessage(event: AuditEvent, request: AccessRequest): Message | undefined {
  const told = toThread(event);
  const about: readonly Piece[] = [
    bold(requestName(request)),
    " (",
    code(`${request.resource}:${request.role}`),
    " for ",
    request.requester,
    `, ${request.requester.email}): `,
  ];
  return told && message([...about, ...told.line], told.said);
}

function message(line: readonly Piece[], said: string | undefined): Message {
  const blocks: KnownBlock[] = [richText(paragraph(...line), said === undefined ? undefined : quote(said))];
  return { text: notificationText(line), blocks };
}

/** The line as a notification shows it; a provider's or a person's own words stay in the message itself. */
function notificationText(line: readonly Piece[]): string {
  return line
    .map((piece) => {
      if (piece === undefined) return "";
      if (typeof piece === "string") return escapeMrkdwn(piece);
      if (piece instanceof Date) return formatTime(piece);
      if ("email" in piece) return escapeMrkdwn(piece.email);
      return piece.type === "text" ? escapeMrkdwn(shorten(piece.text, 200)) : "";
    })
    .join("");
}

function toThread(event: AuditEvent): Told | undefined {
  switch (event.type) {
    case "approval.given":
      return { line: ["✅ Approved by ", actor(event), ` (${event.data.have} of ${event.data.needed}).`] };
    case "request.approved":
      return {
        line:
          event.actor.kind === "policy"
            ? ["✅ Approved by the policy at once. The access is being granted."]
            : ["✅ Approved by ", actor(event), ". The access is being granted."],
      };
    case "request.denied":
      return { line: ["⛔ Denied by ", actor(event), ":"], said: event.data.reason };
    case "request.cancelled":
      return { line: ["Cancelled by the person who asked."] };
    case "request.expired":
      return { line: ["⌛ Nobody decided in time; the request expired. It can be asked again."] };
    case "grant.active":
      return {
        line: [
          "🔓 Granted to ",
          code(event.data.subject),
          ` in ${event.data.provider} until `,
          new Date(event.data.expiresAt),
          ".",
        ],
      };
    case "grant.failed":
      return {
        line: [
          `⚠️ The grant failed in ${event.data.provider}; what may have half happened is being taken away:`,
        ],
        said: event.data.error,
      };
    case "revocation.failed":
      return {
        line: [
          "🚨 The access of ",
          code(event.data.subject),
          ` in ${event.data.provider} should have ended and could not be taken away (attempt ${event.data.attempt}). It is tried again until it is gone:`,
        ],
        said: event.data.error,
      };
    case "grant.revoked":
      if (event.data.keptBy !== undefined) {
        return {
          line: [
            `🔒 This grant ended (${endWords(event.data.reason)}); the same access is kept by ${event.data.keptBy}.`,
          ],
        };
      }
      return {
        line:
          event.data.reason === "failed"
            ? ["🔒 Verified: no access of ", code(event.data.subject), ` is left in ${event.data.provider}.`]
            : [
                `🔒 Revoked and verified: `,
                code(event.data.subject),
                ` no longer has this access in ${event.data.provider} (${endWords(event.data.reason)}).`,
              ],
      };
    case "request.created":
    case "request.refused":
    case "decision.refused":
    case "grant.started":
    case "grant.landed_late":
    case "grant.revoking":
    case "message.failed":
    case "audit.exported":
    case "audit.refused":
      return undefined;
  }
}

function toRequester(event: AuditEvent, request: AccessRequest): Told | undefined {
  switch (event.type) {
    case "request.created":
      return {
        line: [
          `you asked for ${formatDuration(request.durationSeconds)}. It waits for approval; you are told here what happens.`,
        ],
      };
    case "approval.given":
      return { line: ["approved by ", actor(event), ` (${event.data.have} of ${event.data.needed}).`] };
    case "request.approved":
      return { line: ["approved. The access is being granted."] };
    case "request.denied":
      return { line: ["denied by ", actor(event), ":"], said: event.data.reason };
    case "request.cancelled":
      return { line: ["cancelled."] };
    case "request.expired":
      return { line: ["nobody decided in time; the request expired. You can ask again."] };
    case "grant.active":
      return {
        line: [
          "you have access as ",
          code(event.data.subject),
          " until ",
          new Date(event.data.expiresAt),
          ".",
        ],
      };
    case "grant.failed":
      return { line: ["the access could not be granted:"], said: event.data.error };
    case "grant.revoked":
      if (event.data.keptBy !== undefined) {
        return {
          line: [
            `this grant ended (${endWords(event.data.reason)}); you keep the access by ${event.data.keptBy}.`,
          ],
        };
      }
      return event.data.reason === "failed"
        ? { line: ["verified: no access is left behind."] }
        : { line: [`your access ended (${endWords(event.data.reason)}) and is verified gone.`] };
    case "request.refused":
    case "decision.refused":
    case "grant.started":
    case "grant.landed_late":
    case "grant.revoking":
    case "revocation.failed":
    case "message.failed":
    case "audit.exported":
    case "audit.refused":
      return undefined;
  }
}

function actor(event: AuditEvent): Piece {
  if (event.actor.kind !== "person") return "Hallpass";
  return { email: event.actor.email ?? "somebody", slackId: event.actor.slackId };
}

function endWords(reason: string): string {
  return reason === "expired" ? "its time was over" : reason;
}
