import { shorten } from "../domain/text.ts";
import type { AuditEvent } from "../domain/audit-event.ts";
import { formatDuration } from "../domain/duration.ts";
import { type AccessRequest, requestName } from "../domain/request/request.ts";
import { toRequester, toThread } from "../words/event-words.ts";
import { maxNames } from "../words/people.ts";
import { bold, code, type Line, listed, type Named } from "../words/piece.ts";
import { accessTitle } from "./approval-message.ts";
import { type Action, lineMessage, type Message, type Section, withMore } from "./message.ts";

/** The message about an event under the approval message, naming the people it asks (`asked`). `undefined`: not worth a message there. */
export function threadMessage(event: AuditEvent, asked: readonly Named[] = []): Message | undefined {
  const told = toThread(event);
  if (!told) return undefined;
  const names = asked.slice(0, maxNames);
  const asks = names.length === 0 ? [] : [" ", ...listed(names, "or"), "."];
  return withTryNow(event, lineMessage([...told.line, ...asks], told.said));
}

/** Adds Try now if access should have ended and has not: any reader may have the revocation retried at once. */
function withTryNow({ grantId, type }: AuditEvent, message: Message): Message {
  const offers = type === "revocation.failed" || type === "revocation.overdue";
  if (!offers || grantId === undefined) return message;
  return withMore(message, { actions: [{ kind: "try_revocation", id: grantId, label: "Try now" }] });
}

/** E-mail addresses of the people whom an event asks to act. */
export function askedBy({ type, data }: AuditEvent): readonly string[] {
  if (type === "break_glass.overdue") return data.reviewers;
  return "asks" in data ? (data.asks ?? []) : [];
}

/** The direct message about an event to the requester. */
export function requesterMessage(event: AuditEvent, request: AccessRequest): Message | undefined {
  const told = toRequester(event, request);
  if (!told) return undefined;
  return withMore(lineMessage([...about(request), ...told.line], told.said), {
    sections: handoverSection(event),
    actions: actionsFor(event, request),
  });
}

/** Tells the requester that their access ends soon, and what they can do. */
export function expiryMessage(request: AccessRequest, expiresAt: Date): Message {
  const line = [...about(request), "your access ends ", expiresAt, "."];
  return withMore(lineMessage(line), { actions: ownActions(request) });
}

function about(request: AccessRequest): Line {
  return [bold(requestName(request)), ` (${accessTitle(request)}): `];
}

/** Tells the requester that something was handed over and waits to be seen. */
function handoverSection({ type, data }: AuditEvent): readonly Section[] {
  if (type === "grant.handover_shown") return [];
  if (!("handover" in data) || data.handover === undefined) return [];
  const words = `It comes with ${shorten(data.handover, 200)}. Press “Show” where nobody looks over your shoulder: you can see it once.`;
  return [{ lines: [[words]] }];
}

function actionsFor(event: AuditEvent, request: AccessRequest): readonly Action[] {
  const { id } = request;
  if (event.type === "request.created") return [{ kind: "cancel_request", id, label: "Cancel request" }];
  if (event.type === "request.approved" && event.data.startBy !== undefined)
    return [{ kind: "start_access", id, label: "Start access", style: "primary" }];
  if (event.type === "grant.active" || event.type === "grant.extended")
    return [...showAction(event), ...ownActions(request)];
  const isAnew = event.type === "grant.restored" || event.type === "grant.handed_over";
  return isAnew ? showAction(event) : [];
}

/** The Show button, if something was handed over. */
function showAction({ grantId, data }: AuditEvent): readonly Action[] {
  if (!("handover" in data) || data.handover === undefined || grantId === undefined) return [];
  return [{ kind: "show_handover", id: grantId, label: "Show", style: "primary" }];
}

function ownActions({ id, terms: { extend } }: AccessRequest): readonly Action[] {
  return [
    ...(extend
      ? [{ kind: "extend_access", id, label: `Extend by ${formatDuration(extend.bySeconds)}` } as const]
      : []),
    { kind: "end_access", id, label: "Give back" },
  ];
}

/** The message about an event in the alerts channel. */
export function alertMessage(event: AuditEvent, request: AccessRequest): Message | undefined {
  const told = toThread(event);
  const { requester } = request;
  const whose: Line = [
    bold(requestName(request)),
    " (",
    code(`${request.resource}:${request.role}`),
    " for ",
    { email: requester.email, account: requester.account },
    `, ${requester.email}): `,
  ];
  return told && withTryNow(event, lineMessage([...whose, ...told.line], told.said));
}
