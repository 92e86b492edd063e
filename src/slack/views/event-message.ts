import type { Button, KnownBlock } from "@slack/types";
import type { AuditEvent } from "../../domain/audit-event.ts";
import { formatDuration } from "../../domain/duration.ts";
import { type AccessRequest, requestName } from "../../domain/request/request.ts";
import { shorten } from "../../domain/text.ts";
import { toRequester, toThread } from "../../words/event-words.ts";
import { maxNames } from "../../words/people.ts";
import { bold, code, listed, type Named, type Piece, plainText } from "../../words/piece.ts";
import { accessTitle, endActionId, type Message } from "./approval-message.ts";
import { escapeMrkdwn, paragraph, quote, richText } from "./rich-text.ts";

/** Action ids for people's own requests and access; a button's value is the request's id, nothing else. */
export const cancelActionId = "cancel_request";
export const startActionId = "start_access";
export const extendActionId = "extend_access";
/** The value of these buttons is the grant's id. */
export const showActionId = "show_handover";
export const tryNowActionId = "try_revocation";

/** The message about an event in the request's thread, naming the people it asks (`asked`). `undefined`: not worth a message there. */
export function threadMessage(event: AuditEvent, asked: readonly Named[] = []): Message | undefined {
  const told = toThread(event);
  if (!told) return undefined;
  const names = asked.slice(0, maxNames);
  const asks = names.length === 0 ? [] : [" ", ...listed(names, "or"), "."];
  return withTryNow(event, message([...told.line, ...asks], told.said));
}

/** Adds Try now if access should have ended and has not: any reader may have the revocation retried at once. */
function withTryNow(event: AuditEvent, { text, blocks }: Message): Message {
  const { grantId, type } = event;
  const offers = type === "revocation.failed" || type === "revocation.overdue";
  if (!offers || grantId === undefined) return { text, blocks };
  return { text, blocks: [...blocks, actions([button(grantId, tryNowActionId, "Try now")])] };
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
  const about = [bold(requestName(request)), ` (${accessTitle(request)}): `];
  const { text, blocks } = message([...about, ...told.line], told.said);
  return { text, blocks: [...blocks, ...handoverLine(event), ...buttonsFor(event, request)] };
}

/** Tells the requester that their access ends soon, and what they can do. */
export function expiryMessage(request: AccessRequest, expiresAt: Date): Message {
  const line = [bold(requestName(request)), ` (${accessTitle(request)}): your access ends `, expiresAt, "."];
  const { text, blocks } = message(line, undefined);
  return { text, blocks: [...blocks, ownButtons(request)] };
}

/** Tells the requester that something was handed over and waits to be seen. */
function handoverLine({ type, data }: AuditEvent): readonly KnownBlock[] {
  if (type === "grant.handover_shown") return [];
  if (!("handover" in data) || data.handover === undefined) return [];
  const words = `It comes with ${shorten(data.handover, 200)}. Press “Show” where nobody looks over your shoulder: you can see it once.`;
  return [richText(paragraph(words))];
}

function buttonsFor(event: AuditEvent, request: AccessRequest): readonly KnownBlock[] {
  if (event.type === "request.created")
    return [actions([button(request.id, cancelActionId, "Cancel request")])];
  if (event.type === "request.approved" && event.data.startBy !== undefined)
    return [actions([button(request.id, startActionId, "Start access", "primary")])];
  if (event.type === "grant.active" || event.type === "grant.extended")
    return [ownButtons(request, showButton(event))];
  const isAnew = event.type === "grant.restored" || event.type === "grant.handed_over";
  return isAnew && event.data.handover !== undefined ? [actions(showButton(event))] : [];
}

/** The Show button, if something was handed over; its value is the grant's id. */
function showButton({ grantId, data }: AuditEvent): readonly Button[] {
  if (!("handover" in data) || data.handover === undefined || grantId === undefined) return [];
  return [button(grantId, showActionId, "Show", "primary")];
}

function ownButtons(request: AccessRequest, first: readonly Button[] = []): KnownBlock {
  const { extend } = request.terms;
  return actions([
    ...first,
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

/** The message about an event in the alerts channel. */
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
  // Quotes from a provider or a person stay in the message itself, out of the notification.
  return { text: escapeMrkdwn(plainText(line)), blocks };
}
