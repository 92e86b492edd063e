import { formatDuration } from "../domain/duration.ts";
import type { State } from "../domain/state.ts";
import type { Grant } from "../domain/grant/grant.ts";
import type { Person } from "../domain/person.ts";
import { type AccessRequest, requestName } from "../domain/request/request.ts";
import { countedApprovals, progressOf } from "../domain/request/approvals.ts";
import { reviewed } from "../domain/request/break-glass.ts";
import { later, startByOf } from "../domain/request/consequences.ts";
import { onOneLine, visibly, shorten } from "../domain/text.ts";
import { maxNames } from "../words/people.ts";
import { toBeReviewed } from "../words/break-glass-words.ts";
import { bold, code, type Line, listed, type Named } from "../words/piece.ts";
import type { Action, Fact, Message, Section } from "./message.ts";
import { unusualLines } from "./unusual-lines.ts";

/** Who may decide the current step, and who else is told about it; with an account only those who are to be pinged. */
export type Asked = { readonly approvers: readonly Named[]; readonly told: readonly Named[] };

const riskWords = { low: "🟢 Low", medium: "🟡 Medium", high: "🔴 High" } as const;

/** The message that approvers judge, for the request's current state; Approve and Deny only while it is pending. */
export function approvalMessage(state: State, asked: Asked): Message {
  const { request } = state;
  const pending = request.status === "pending";
  const facts: readonly Fact[] = [
    fact("Who", named(request.requester), ` (${nameOf(request)})`),
    fact("What", `${accessTitle(request)}, `, code(`${request.resource}:${request.role}`)),
    fact("How long", formatDuration(request.durationSeconds)),
    fact("Risk", riskWords[request.terms.risk]),
    ...(request.ticket === undefined ? [] : [fact("Ticket", onOneLine(request.ticket))]),
    ...(request.rule === undefined ? [] : [fact("Rule", request.rule)]),
    ...(request.terms.extends
      ? [fact("Extends", requestName(request.terms.extends), ", which it lets last longer")]
      : []),
    ...(request.planned.length > 1 ? [fact("Gives", planned(request))] : []),
    ...typed(request),
    ...(pending ? waiting(request, asked) : []),
    ...(request.heldBefore ? [fact("Note", heldBefore(request, request.heldBefore))] : []),
    ...(request.terms.doubts ?? []).map((doubt) => fact("Note", shorten(onOneLine(doubt), 300))),
  ];
  return {
    title: shorten(`${requestName(request)} · ${accessTitle(request)}`, 150),
    summary: [summary(state)],
    sections: [
      { facts, lines: [...unusualLines(request.flags ?? []), [bold("Why: ")]], quote: request.reason },
      ...(pending ? [] : [outcome(state)]),
    ],
    actions: pending ? decisions(request) : afterwards(state),
  };
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

function fact(label: string, ...value: Line): Fact {
  return { label, value };
}

/** Somebody of a request, as an account that surfaces may mention. */
function named({ email, account }: Pick<Person, "email" | "account">): Named {
  return { email, account };
}

function waiting(request: AccessRequest, { approvers, told }: Asked): readonly Fact[] {
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
    fact("May approve", ...names(approvers)),
    ...(told.length === 0 ? [] : [fact("Told", ...names(told))]),
    fact("Still needed", `${needed} of ${step.count} ${step.count === 1 ? "approval" : "approvals"}${place}`),
    ...(rest.length === 0 ? [] : [fact("After that", shorten(rest.join(", then "), 300))]),
    ...(given.length === 0 ? [] : [fact("Approved so far by", ...listed(given.map(named), "and"))]),
    ...(discounted.length === 0
      ? []
      : [fact("Do not count any more", ...listed(discounted.map(named), "and"))]),
    ...(request.respondBy ? [fact("Answer by", request.respondBy)] : []),
  ];
}

function names(approvers: readonly Named[]): Line {
  const shown = approvers.slice(0, maxNames);
  const rest = approvers.length - shown.length;
  return [...listed(shown, "or"), ...(rest > 0 ? [` or ${rest} more`] : [])];
}

function planned({ planned: grants }: AccessRequest): string {
  return shorten(grants.map(({ access, provider }) => access ?? provider).join(", "), 300);
}

/** The requester's input, uncut: a provider's fields once, even if several of its roles are requested. */
function typed({ planned: grants }: AccessRequest): readonly Fact[] {
  const byProvider = new Map(grants.map(({ provider, input = [] }) => [provider, input]));
  return [...byProvider.values()].flatMap((input) =>
    input.map(({ title, value }) => fact(shorten(onOneLine(title), 100), code(visibly(value)))),
  );
}

function heldBefore({ planned: grants }: AccessRequest, held: readonly string[]): string {
  const what = held.length === grants.length ? "this" : shorten(held.join(", "), 300);
  return `already has ${what}, by a right of their own; it will not be taken away at the end`;
}

/** Buttons after the decision: End access while it is live, Review break-glass if it was taken at once. */
function afterwards({ request, grants }: State): readonly Action[] {
  const { id, terms } = request;
  const isLive = grants.some(({ status }) => status === "granting" || status === "active");
  return [
    ...(terms.breakGlass && !reviewed(request)
      ? [{ kind: "review_break_glass", id, label: "Review break-glass" } as const]
      : []),
    ...(isLive
      ? [{ kind: "end_access", id, label: "End access", style: "danger", confirm: sure } as const]
      : []),
  ];
}

const sure = {
  title: "End this access now?",
  text: "It is taken away at once, and its sessions end.",
  yes: "End access",
  no: "Keep it",
} as const;

function decisions({ id }: AccessRequest): readonly Action[] {
  return [
    { kind: "approve_request", id, label: "Approve", style: "primary" },
    { kind: "deny_request", id, label: "Deny", style: "danger" },
  ];
}

function outcome({ request, grants }: State): Section {
  const closedAt = request.closedAt ?? request.createdAt;
  switch (request.status) {
    case "pending":
      return {};
    case "approved": {
      const approvals = countedApprovals(request.decisions);
      const by: Line =
        approvals.length === 0
          ? ["the policy (rule ", bold(request.rule ?? ""), ")"]
          : listed(approvals.map(named), "and");
      const startBy = grants.length === 0 ? startByOf(request) : undefined;
      return {
        lines: [
          ...(request.terms.breakGlass ? takenLines(request) : [["✅ Approved by ", ...by, ", ", closedAt]]),
          ...(startBy ? [["To be started by the person who asked until ", startBy, "."]] : []),
          ...grants.map(grantLine),
        ],
      };
    }
    case "denied": {
      const denial = request.decisions.find(({ verdict }) => verdict === "deny");
      return {
        lines: [["⛔ Denied by ", denial ? named(denial) : "somebody", ", ", closedAt]],
        quote: denial?.reason,
      };
    }
    case "cancelled":
      return { lines: [["Closed before it was decided, ", closedAt]] };
    case "expired":
      return {
        lines: [
          request.terms.startWithinSeconds !== undefined &&
          progressOf(request.decisions, request.terms).current === request.terms.steps.length
            ? ["⌛ Approved, but not started in time, ", closedAt]
            : ["⌛ Expired: nobody decided in time, ", closedAt],
        ],
      };
    case "refused":
      return { lines: [["Refused by the policy, ", closedAt]] };
  }
}

function takenLines(request: AccessRequest): readonly Line[] {
  const review = reviewed(request);
  const { breakGlass } = request.terms;
  const reviewBy = later(request.createdAt, breakGlass?.withinSeconds ?? 0);
  const taken: Line = ["🚨 Taken by break-glass, without approval, ", request.createdAt];
  if (!review) return [taken, toBeReviewed(breakGlass?.reviewers ?? [], reviewBy)];
  const found = review.verdict === "accept" ? "☑️ Found justified by " : "🚨 Found not justified by ";
  return [taken, [found, named(review), `: ${shorten(onOneLine(review.reason ?? ""), 300)}`]];
}

function grantLine(grant: Grant): Line {
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
