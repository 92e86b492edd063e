import type { KnownBlock, RichTextElement } from "@slack/types";
import { formatDuration } from "../../domain/duration.ts";
import type { State } from "../../domain/decide.ts";
import type { Grant } from "../../domain/grant.ts";
import { type AccessRequest, requestName } from "../../domain/request.ts";
import { stillNeeded } from "../../domain/approvals.ts";
import { onOneLine } from "../../domain/text.ts";
import {
  bold,
  code,
  escapeMrkdwn,
  lines,
  listed,
  mention,
  paragraph,
  type Piece,
  quote,
  richText,
  shorten,
} from "./rich-text.ts";

/** What the buttons are called on the wire; their value is the request's id, nothing else. */
export const approveActionId = "approve_request";
export const denyActionId = "deny_request";

export type Message = { readonly text: string; readonly blocks: readonly KnownBlock[] };

/** Somebody who may approve, by e-mail, with their Slack id where they were found. */
export type Approver = { readonly email: string; readonly slackId?: string | undefined };

const riskWords = { low: "🟢 Low", medium: "🟡 Medium", high: "🔴 High" } as const;
/** More names than this are counted, not listed: an approver judges on a phone. */
export const maxNames = 10;

/** The message approvers judge, as the request stands now; buttons only while it is pending. */
export function approvalMessage(state: State, approvers: readonly Approver[]): Message {
  const { request } = state;
  const pending = request.status === "pending";
  const blocks: KnownBlock[] = [
    {
      type: "header",
      text: {
        type: "plain_text",
        emoji: true,
        text: shorten(`${requestName(request)} · ${accessTitle(request)}`, 150),
      },
    },
    richText(
      lines([
        field("Who", mention(request.requester), ` (${nameOf(request)})`),
        field("What", `${accessTitle(request)}, `, code(`${request.resource}:${request.role}`)),
        field("How long", formatDuration(request.durationSeconds)),
        field("Risk", riskWords[request.terms.risk]),
        ...(request.ticket === undefined ? [] : [field("Ticket", onOneLine(request.ticket))]),
        ...(request.rule === undefined ? [] : [field("Rule", request.rule)]),
        ...(pending ? waiting(request, approvers) : []),
        field("Why"),
      ]),
      quote(request.reason),
    ),
    ...(pending ? [buttons(request)] : [{ ...richText(...outcome(state)), block_id: "outcome" }]),
  ];
  return { text: escapeMrkdwn(summary(state)), blocks };
}

/** `Orders database (production) · Read and write` */
export function accessTitle(request: Pick<AccessRequest, "terms">): string {
  return `${request.terms.resourceTitle} · ${request.terms.roleTitle}`;
}

function summary({ request }: State): string {
  const asked = `${nameOf(request)} asks for ${accessTitle(request)} for ${formatDuration(request.durationSeconds)}`;
  return shorten(`${requestName(request)}: ${asked} (${request.status})`, 1_000);
}

function nameOf(request: AccessRequest): string {
  const { email } = request.requester;
  const name = onOneLine(request.requester.name);
  return name === "" ? email : `${shorten(name, 100)}, ${email}`;
}

function field(label: string, ...pieces: readonly Piece[]): readonly Piece[] {
  return [bold(`${label}: `), ...pieces];
}

function waiting(request: AccessRequest, approvers: readonly Approver[]): readonly (readonly Piece[])[] {
  const step = request.terms.steps[0];
  if (!step) return [];
  const needed = stillNeeded(request.decisions, step);
  const given = request.decisions.filter(({ verdict }) => verdict === "approve");
  return [
    field("May approve", ...names(approvers)),
    field("Still needed", `${needed} of ${step.count} ${step.count === 1 ? "approval" : "approvals"}`),
    ...(given.length === 0 ? [] : [field("Approved so far by", ...listed(given.map(mention), "and"))]),
    ...(request.respondBy ? [field("Answer by", request.respondBy)] : []),
  ];
}

function names(approvers: readonly Approver[]): readonly RichTextElement[] {
  const shown = approvers.slice(0, maxNames).map(mention);
  const rest = approvers.length - shown.length;
  return rest > 0
    ? [...listed(shown, "or"), { type: "text", text: ` or ${rest} more` }]
    : listed(shown, "or");
}

function buttons(request: AccessRequest): KnownBlock {
  return {
    type: "actions",
    block_id: "decision",
    elements: [
      {
        type: "button",
        action_id: approveActionId,
        style: "primary",
        text: { type: "plain_text", text: "Approve" },
        value: request.id,
      },
      {
        type: "button",
        action_id: denyActionId,
        style: "danger",
        text: { type: "plain_text", text: "Deny" },
        value: request.id,
      },
    ],
  };
}

function outcome({ request, grants }: State): readonly ReturnType<typeof paragraph>[] {
  const closedAt = request.closedAt ?? request.createdAt;
  switch (request.status) {
    case "pending":
      return [];
    case "approved": {
      const approvals = request.decisions.filter(({ verdict }) => verdict === "approve");
      const by: readonly Piece[] =
        approvals.length === 0
          ? ["the policy (rule ", bold(request.rule ?? ""), ")"]
          : listed(approvals.map(mention), "and");
      return [lines([["✅ Approved by ", ...by, ", ", closedAt], ...grants.map(grantLine)])];
    }
    case "denied": {
      const denial = request.decisions.find(({ verdict }) => verdict === "deny");
      return [
        paragraph("⛔ Denied by ", denial ? mention(denial) : "somebody", ", ", closedAt),
        ...(denial?.reason === undefined ? [] : [quote(denial.reason)]),
      ];
    }
    case "cancelled":
      return [paragraph("Cancelled by the person who asked, ", closedAt)];
    case "expired":
      return [paragraph("⌛ Expired: nobody decided in time, ", closedAt)];
    case "refused":
      return [paragraph("Refused by the policy, ", closedAt)];
  }
}

function grantLine(grant: Grant): readonly Piece[] {
  switch (grant.status) {
    case "granting":
      return ["The access is being granted."];
    case "active":
      return ["🔓 Access until ", grant.expiresAt, "."];
    case "revoking":
      return grant.revokeReason === "failed"
        ? ["⚠️ The grant failed; what may have half happened is being taken away."]
        : ["The access is being taken away."];
    case "revoked":
      return grant.revokeReason === "failed"
        ? ["⚠️ The grant failed. Verified: no access is left."]
        : ["🔒 This grant ended ", grant.revokedAt, "."];
  }
}
