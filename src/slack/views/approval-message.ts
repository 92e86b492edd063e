import type { Button, KnownBlock, RichTextElement } from "@slack/types";
import { formatDuration } from "../../domain/duration.ts";
import type { State } from "../../domain/state.ts";
import type { Grant } from "../../domain/grant/grant.ts";
import { type AccessRequest, requestName } from "../../domain/request/request.ts";
import { countedApprovals, progressOf } from "../../domain/request/approvals.ts";
import { reviewed } from "../../domain/request/break-glass.ts";
import { later, startByOf } from "../../domain/request/consequences.ts";
import { onOneLine, visibly } from "../../domain/text.ts";
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
import { unusualLines } from "./flag-lines.ts";

/** Action ids of the buttons; a button's value is the request's id, nothing else. */
export const approveActionId = "approve_request";
export const denyActionId = "deny_request";
export const reviewActionId = "review_break_glass";
export const endActionId = "end_access";

export type Message = { readonly text: string; readonly blocks: readonly KnownBlock[] };

/** Somebody who may approve, by e-mail; with a Slack id only if they are to be pinged and were found. */
export type Approver = { readonly email: string; readonly slackId?: string | undefined };

/** Who may decide the current step, and who else is told about it. */
export type Asked = { readonly approvers: readonly Approver[]; readonly told: readonly Approver[] };

const riskWords = { low: "🟢 Low", medium: "🟡 Medium", high: "🔴 High" } as const;
/** Further names are counted, not listed: an approver judges on a phone. */
export const maxNames = 10;

/** The message that approvers judge, for the request's current state; Approve and Deny only while it is pending. */
export function approvalMessage(state: State, asked: Asked): Message {
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
        ...(request.terms.extends
          ? [field("Extends", requestName(request.terms.extends), ", which it lets last longer")]
          : []),
        ...(request.planned.length > 1 ? [field("Gives", planned(request))] : []),
        ...typed(request),
        ...(pending ? waiting(request, asked) : []),
        ...(request.heldBefore ? [field("Note", heldBefore(request, request.heldBefore))] : []),
        ...(request.terms.doubts ?? []).map((doubt) => field("Note", shorten(onOneLine(doubt), 300))),
        ...unusualLines(request.flags ?? []),
        field("Why"),
      ]),
      quote(request.reason),
    ),
    ...(pending ? [buttons(request)] : [{ ...richText(...outcome(state)), block_id: "outcome" }]),
    ...afterwards(state),
  ];
  return { text: escapeMrkdwn(summary(state)), blocks };
}

/** `Orders database (production) · Read and write` */
export function accessTitle(request: Pick<AccessRequest, "terms">): string {
  return `${request.terms.resourceTitle} · ${request.terms.roleTitle}`;
}

function summary({ request }: State): string {
  const asked = `${nameOf(request)} asks for ${accessTitle(request)} for ${formatDuration(request.durationSeconds)}`;
  const isTaken = request.status === "approved" && request.terms.breakGlass !== undefined;
  return shorten(
    `${requestName(request)}: ${asked} (${isTaken ? "taken by break-glass" : request.status})`,
    1_000,
  );
}

function nameOf(request: AccessRequest): string {
  const { email } = request.requester;
  const name = onOneLine(request.requester.name);
  return name === "" ? email : `${shorten(name, 100)}, ${email}`;
}

function field(label: string, ...pieces: readonly Piece[]): readonly Piece[] {
  return [bold(`${label}: `), ...pieces];
}

function waiting(request: AccessRequest, { approvers, told }: Asked): readonly (readonly Piece[])[] {
  const { steps } = request.terms;
  const { current, given: counted } = progressOf(request.decisions, { steps });
  const step = steps[current];
  if (!step) return [];
  const needed = step.count - (counted[current]?.length ?? 0);
  const given = countedApprovals(request.decisions);
  const discounted = request.decisions.filter((decision) => decision.discounted !== undefined);
  const place = steps.length === 1 ? "" : `, step ${current + 1} of ${steps.length}`;
  const rest = steps.slice(current + 1).map(({ count, from }) => `${count} of ${from.join(", ")}`);
  return [
    field("May approve", ...names(approvers)),
    ...(told.length === 0 ? [] : [field("Told", ...names(told))]),
    field(
      "Still needed",
      `${needed} of ${step.count} ${step.count === 1 ? "approval" : "approvals"}${place}`,
    ),
    ...(rest.length === 0 ? [] : [field("After that", shorten(rest.join(", then "), 300))]),
    ...(given.length === 0 ? [] : [field("Approved so far by", ...listed(given.map(mention), "and"))]),
    ...(discounted.length === 0
      ? []
      : [field("Do not count any more", ...listed(discounted.map(mention), "and"))]),
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

function planned({ planned: grants }: AccessRequest): string {
  return shorten(grants.map(({ access, provider }) => access ?? provider).join(", "), 300);
}

/** The requester's input, uncut: a provider's fields once, even if several of its roles are requested. */
function typed({ planned: grants }: AccessRequest): readonly (readonly Piece[])[] {
  const byProvider = new Map(grants.map(({ provider, input = [] }) => [provider, input]));
  return [...byProvider.values()].flatMap((input) =>
    input.map(({ title, value }) => field(shorten(onOneLine(title), 100), code(visibly(value)))),
  );
}

function heldBefore({ planned: grants }: AccessRequest, held: readonly string[]): string {
  const what = held.length === grants.length ? "this" : shorten(held.join(", "), 300);
  return `already has ${what}, by a right of their own; it will not be taken away at the end`;
}

/** Buttons after the decision: End access while it is live, Review break-glass if it was taken at once. */
function afterwards({ request, grants }: State): readonly KnownBlock[] {
  const isLive = grants.some(({ status }) => status === "granting" || status === "active");
  const button = (actionId: string, text: string): Button => ({
    type: "button",
    action_id: actionId,
    text: { type: "plain_text", text },
    value: request.id,
  });
  const elements = [
    ...(request.terms.breakGlass && !reviewed(request) ? [button(reviewActionId, "Review break-glass")] : []),
    ...(isLive ? [{ ...button(endActionId, "End access"), style: "danger" as const, confirm: sure }] : []),
  ];
  return elements.length === 0 ? [] : [{ type: "actions", block_id: "afterwards", elements }];
}

const sure = {
  title: { type: "plain_text", text: "End this access now?" },
  text: { type: "plain_text", text: "It is taken away at once, and its sessions end." },
  confirm: { type: "plain_text", text: "End access" },
  deny: { type: "plain_text", text: "Keep it" },
  style: "danger",
} as const;

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
      const approvals = countedApprovals(request.decisions);
      const by: readonly Piece[] =
        approvals.length === 0
          ? ["the policy (rule ", bold(request.rule ?? ""), ")"]
          : listed(approvals.map(mention), "and");
      const startBy = grants.length === 0 ? startByOf(request) : undefined;
      return [
        lines([
          ...(request.terms.breakGlass ? takenLines(request) : [["✅ Approved by ", ...by, ", ", closedAt]]),
          ...(startBy ? [["To be started by the person who asked until ", startBy, "."]] : []),
          ...grants.map(grantLine),
        ]),
      ];
    }
    case "denied": {
      const denial = request.decisions.find(({ verdict }) => verdict === "deny");
      return [
        paragraph("⛔ Denied by ", denial ? mention(denial) : "somebody", ", ", closedAt),
        ...(denial?.reason === undefined ? [] : [quote(denial.reason)]),
      ];
    }
    case "cancelled":
      return [paragraph("Closed before it was decided, ", closedAt)];
    case "expired":
      return [
        request.terms.startWithinSeconds !== undefined &&
        progressOf(request.decisions, request.terms).current === request.terms.steps.length
          ? paragraph("⌛ Approved, but not started in time, ", closedAt)
          : paragraph("⌛ Expired: nobody decided in time, ", closedAt),
      ];
    case "refused":
      return [paragraph("Refused by the policy, ", closedAt)];
  }
}

function takenLines(request: AccessRequest): readonly (readonly Piece[])[] {
  const review = reviewed(request);
  const { breakGlass } = request.terms;
  const reviewBy = later(request.createdAt, breakGlass?.withinSeconds ?? 0);
  const taken: readonly Piece[] = ["🚨 Taken by break-glass, without approval, ", request.createdAt];
  if (!review) {
    const reviewers = (breakGlass?.reviewers ?? []).slice(0, maxNames).join(", ");
    return [taken, [`To be reviewed by ${reviewers} until `, reviewBy, "."]];
  }
  const found = review.verdict === "accept" ? "☑️ Found justified by " : "🚨 Found not justified by ";
  return [taken, [found, mention(review), `: ${shorten(onOneLine(review.reason ?? ""), 300)}`]];
}

function grantLine(grant: Grant): readonly Piece[] {
  switch (grant.status) {
    case "granting":
      return ["The access is being granted."];
    case "active":
      return grant.vanishedAt
        ? [
            "🕳️ Taken away outside Hallpass, seen ",
            grant.vanishedAt,
            "; it would have lasted until ",
            grant.expiresAt,
            ".",
          ]
        : ["🔓 Access until ", grant.expiresAt, "."];
    case "revoking":
      if (grant.revokeReason === "failed" && !grant.askedAt)
        return ["⚠️ The grant failed; nothing was given."];
      return grant.revokeReason === "failed"
        ? ["⚠️ The grant failed; what may have half happened is being taken away."]
        : ["The access is being taken away."];
    case "revoked":
      if (grant.revokeReason === "failed" && !grant.askedAt)
        return ["⚠️ The grant failed; nothing was given."];
      if (grant.revokeReason === "failed" && (grant.isLeft === true || grant.isStanding === true))
        return ["⚠️ The grant failed. Verified: nothing of it is left."];
      return grant.revokeReason === "failed"
        ? ["⚠️ The grant failed. Verified: no access is left."]
        : ["🔒 This grant ended ", grant.revokedAt, "."];
  }
}
