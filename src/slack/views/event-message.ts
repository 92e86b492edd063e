import type { Button, KnownBlock } from "@slack/types";
import type { AuditEvent, EventData } from "../../domain/audit-event.ts";
import { formatDuration } from "../../domain/duration.ts";
import { type AccessRequest, requestName } from "../../domain/request.ts";
import { accessTitle, endActionId, maxNames, type Message } from "./approval-message.ts";
import {
  bold,
  code,
  escapeMrkdwn,
  formatTime,
  listed,
  mention,
  type Named,
  paragraph,
  type Piece,
  quote,
  richText,
  shorten,
} from "./rich-text.ts";

type Told = { readonly line: readonly Piece[]; readonly said?: string };

/** What people do about their own access; a button's value is the request's id, nothing else. */
export const startActionId = "start_access";
export const extendActionId = "extend_access";
/** Its value is the grant's id. */
export const tryNowActionId = "try_revocation";

/** One event, said in the request's thread, to whom it asks. `undefined`: not worth a message there. */
export function threadMessage(event: AuditEvent, asked: readonly Named[] = []): Message | undefined {
  const told = toThread(event);
  if (!told) return undefined;
  const names = asked.slice(0, maxNames).map(mention);
  const asks = names.length === 0 ? [] : [" ", ...listed(names, "or"), "."];
  return withTryNow(event, message([...told.line, ...asks], told.said));
}

/** Access that should have ended and has not: whoever reads this may have it tried again at once. */
function withTryNow(event: AuditEvent, { text, blocks }: Message): Message {
  const { grantId } = event;
  if (event.type !== "revocation.failed" || grantId === undefined) return { text, blocks };
  return { text, blocks: [...blocks, actions([button(grantId, tryNowActionId, "Try now")])] };
}

/** Whom an event asks something of, by their e-mail addresses. */
export function askedBy(event: AuditEvent): readonly string[] {
  switch (event.type) {
    case "approval.given":
      return event.data.asks ?? [];
    case "request.reminded":
    case "request.escalated":
      return event.data.asks;
    case "break_glass.overdue":
      return event.data.reviewers;
    case "request.created":
    case "request.refused":
    case "request.approved":
    case "request.denied":
    case "request.cancelled":
    case "request.expired":
    case "request.lapsed":
    case "break_glass.used":
    case "break_glass.reviewed":
    case "decision.refused":
    case "extension.failed":
    case "grant.started":
    case "grant.active":
    case "grant.extended":
    case "grant.failed":
    case "grant.landed_late":
    case "grant.revoking":
    case "revocation.failed":
    case "grant.revoked":
    case "message.failed":
    case "lockdown.begun":
    case "lockdown.lifted":
    case "lockdown.refused":
    case "policy.loaded":
    case "policy.refused":
    case "audit.exported":
    case "audit.refused":
      return [];
  }
}

/** One event, said to the requester by direct message. */
export function requesterMessage(event: AuditEvent, request: AccessRequest): Message | undefined {
  const told = toRequester(event, request);
  if (!told) return undefined;
  const about = [bold(requestName(request)), ` (${accessTitle(request)}): `];
  const { text, blocks } = message([...about, ...told.line], told.said);
  return { text, blocks: [...blocks, ...buttonsFor(event, request)] };
}

/** Says to the requester that their access ends soon, and what they can do. */
export function expiryMessage(request: AccessRequest, expiresAt: Date): Message {
  const line = [bold(requestName(request)), ` (${accessTitle(request)}): your access ends `, expiresAt, "."];
  const { text, blocks } = message(line, undefined);
  return { text, blocks: [...blocks, ownButtons(request)] };
}

function buttonsFor(event: AuditEvent, request: AccessRequest): readonly KnownBlock[] {
  if (event.type === "request.approved" && event.data.startBy !== undefined)
    return [actions([button(request.id, startActionId, "Start access", "primary")])];
  return event.type === "grant.active" || event.type === "grant.extended" ? [ownButtons(request)] : [];
}

function ownButtons(request: AccessRequest): KnownBlock {
  const { extend } = request.terms;
  return actions([
    ...(extend ? [button(request.id, extendActionId, `Extend by ${formatDuration(extend.bySeconds)}`)] : []),
    button(request.id, endActionId, "Give back"),
  ]);
}

function actions(elements: readonly Button[]): KnownBlock {
  return { type: "actions", block_id: "own", elements: [...elements] };
}

function button(value: string, actionId: string, text: string, style?: "primary"): Button {
  return {
    type: "button",
    action_id: actionId,
    text: { type: "plain_text", text },
    value,
    ...(style && { style }),
  };
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
  return told && withTryNow(event, message([...about, ...told.line], told.said));
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
    case "request.cancelled":
      return {
        line: [
          event.data.reason === undefined
            ? "Cancelled by the person who asked."
            : `Closed: ${endWords(event.data.reason)}.`,
        ],
      };
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
      if (event.data.standing === true) {
        return {
          line: [
            `🔒 This grant ended (${endWords(event.data.reason)}); `,
            code(event.data.subject),
            ` held the access in ${event.data.provider} before, and keeps it.`,
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
    case "request.refused":
      return { line: ["🚨 Refused, and whoever keeps the policy can mend why:"], said: event.data.why };
    case "request.created":
    case "decision.refused":
    case "grant.started":
    case "grant.landed_late":
    case "grant.revoking":
    case "message.failed":
    case "lockdown.begun":
    case "lockdown.lifted":
    case "lockdown.refused":
    case "policy.loaded":
    case "policy.refused":
    case "audit.exported":
    case "audit.refused":
      return undefined;
  }
}

function approvedLine(event: Extract<AuditEvent, { type: "request.approved" }>): readonly Piece[] {
  const { startBy, extends: extended } = event.data;
  const next =
    extended !== undefined
      ? [` ${extended} lasts longer.`]
      : startBy === undefined
        ? [" The access is being granted."]
        : [" The person who asked starts it until ", new Date(startBy), "."];
  if (event.actor.kind === "policy") return ["✅ Approved by the policy at once.", ...next];
  if (event.data.approvers.length === 0) return ["🚨 Taken at once by ", actor(event), ".", ...next];
  return ["✅ Approved by ", actor(event), ".", ...next];
}

/** `1 of 2`, and where there are several steps, in which. */
function wordStep({ have, needed, step, steps }: EventData<"approval.given">): string {
  const place = step === undefined || steps === undefined ? "" : `, step ${step} of ${steps}`;
  return `${have} of ${needed}${place}`;
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
      return { line: ["approved by ", actor(event), ` (${wordStep(event.data)}).`] };
    case "request.approved":
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
      if (event.data.standing === true)
        return {
          line: [`this grant ended (${endWords(event.data.reason)}); you keep what you held before.`],
        };
      return event.data.reason === "failed"
        ? { line: ["verified: no access is left behind."] }
        : { line: [`your access ended (${endWords(event.data.reason)}) and is verified gone.`] };
    case "request.refused":
    case "request.reminded":
    case "request.escalated":
    case "break_glass.used":
    case "break_glass.overdue":
    case "decision.refused":
    case "grant.started":
    case "grant.landed_late":
    case "grant.revoking":
    case "revocation.failed":
    case "message.failed":
    case "lockdown.begun":
    case "lockdown.lifted":
    case "lockdown.refused":
    case "policy.loaded":
    case "policy.refused":
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
  const words = new Map([
    ["expired", "its time was over"],
    ["returned", "given back"],
    ["idle", "it was not used"],
    ["withdrawn", "withdrawn"],
    ["offboarded", "the person has left"],
    ["lockdown", "lockdown"],
  ]);
  return words.get(reason) ?? reason;
}
