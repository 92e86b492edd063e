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

const riskWords = { low: "🟢 Low risk", medium: "🟡 Medium risk", high: "🔴 High risk" } as const;

/**
 * The message that approvers judge, for the request's current state, in the order in which they do: what and for how long, who and why,
 * what is unusual, whom it needs. Approve and Deny only while it is pending.
 */
export function approvalMessage(state: State, asked: Asked): Message {
  const { request } = state;
  const pending = request.status === "pending";
  const notes: readonly Line[] = [
    ...unusualLines(request.flags ?? []),
    ...(request.heldBefore ? [[`ℹ️ ${heldBefore(request, request.heldBefore)}`]] : []),
    ...(request.terms.doubts ?? []).map((doubt) => [`ℹ️ ${shorten(onOneLine(doubt), 300)}`]),
  ];
  const facts: readonly Fact[] = [
    ...(request.planned.length > 1 ? [fact("Gives", planned(request))] : []),
    ...typed(request),
  ];
  const below = [...notes, ...(pending ? waiting(request, asked) : [])];
  return {
    title: shorten(titleOf(request), 150),
    summary: [summary(state)],
    sections: [
      { lines: [asking(request)], quote: request.reason },
      ...(facts.length + below.length === 0 ? [] : [{ facts, lines: below }]),
      ...(pending ? [] : [outcome(state)]),
    ],
    actions: pending ? decisions(request) : afterwards(state),
    footnote: footnote(request),
  };
}

/** `Orders database (production) · Read and write` */
export function accessTitle(request: Pick<AccessRequest, "terms">): string {
  return `${request.terms.resourceTitle} · ${request.terms.roleTitle}`;
}

function titleOf(request: AccessRequest): string {
  const duration = formatDuration(request.durationSeconds);
  return request.terms.extends
    ? `Extend by ${duration}: ${accessTitle(request)}`
    : `${accessTitle(request)} for ${duration}`;
}

/** `@Alice asks · 🔴 High risk · INC-42` */
function asking(request: AccessRequest): Line {
  const { terms, ticket, status } = request;
  const asks = status === "pending" ? "asks" : "asked";
  return [
    named(request.requester),
    ` ${asks} · ${riskWords[terms.risk]}`,
    ...(ticket === undefined ? [] : [` · ${onOneLine(ticket)}`]),
    ...(terms.extends ? [` · extends ${requestName(terms.extends)}`] : []),
  ];
}

/** `AR-1001 · orders-db:write · Alice Archer, alice@example.com · rule: …` */
function footnote(request: AccessRequest): string {
  const { resource, role, rule } = request;
  const parts = [requestName(request), `${resource}:${role}`, nameOf(request)];
  return [...parts, ...(rule === undefined ? [] : [`rule: ${onOneLine(rule)}`])].join(" · ");
}

/** The point first, as it is read on a locked phone. */
function summary({ request }: State): string {
  const who = onOneLine(request.requester.name) || request.requester.email;
  const isTaken = request.status === "approved" && request.terms.breakGlass !== undefined;
  const state = isTaken ? "taken by break-glass" : request.status;
  const reason = shorten(onOneLine(request.reason), 200);
  return [
    `${shorten(who, 100)}: ${shorten(titleOf(request), 300)}`,
    ...(request.status === "pending" ? [] : [`, ${state}`]),
    `. “${reason}” (${requestName(request)})`,
  ].join("");
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

/** Whom it needs and until when, in a line; then who has been told, and who has approved. */
function waiting(request: AccessRequest, { approvers, told }: Asked): readonly Line[] {
  const { steps } = request.terms;
  const { current, given: counted } = progressOf(request.decisions, { steps });
  const step = steps[current];
  if (!step) return [];
  const needed = step.count - (counted[current]?.length ?? 0);
  const given = countedApprovals(request.decisions);
  const discounted = request.decisions.filter((decision) => decision.discounted !== undefined);
  const rest = steps
    .slice(current + 1)
    .map(({ count, from }) => `then ${count > 1 ? `${count} of ` : ""}${group(from)}`);
  return [
    [
      needed < step.count ? `Needs ${needed} more: ` : needed > 1 ? `Needs ${needed} of ` : "Needs ",
      ...(approvers.length === 0 ? [group(step.from)] : names(approvers, needed > 1 ? "and" : "or")),
      ...(rest.length === 0 ? [] : [shorten(`, ${rest.join(", ")}`, 300)]),
      ...(steps.length === 1 ? [] : [` (step ${current + 1} of ${steps.length})`]),
      ...(request.respondBy ? [", by ", request.respondBy] : []),
    ],
    ...(told.length === 0 ? [] : [["Notified: ", ...names(told, "and")]]),
    ...(given.length === 0 ? [] : [["✅ Approved by ", ...listed(given.map(named), "and")]]),
    ...(discounted.length === 0 ? [] : [["↩️ No longer counts: ", ...listed(discounted.map(named), "and")]]),
  ];
}

/** Whom a step asks, as the policy names them: `security or bob@example.com`. */
function group(from: readonly string[]): string {
  return from.map((principal) => principal.replace(/^group:/u, "")).join(" or ");
}

function names(people: readonly Named[], word: "and" | "or"): Line {
  const shown = people.slice(0, maxNames);
  const rest = people.length - shown.length;
  return listed([...shown, ...(rest > 0 ? [`${rest} more`] : [])], word);
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
  return `They already have ${what} by a right of their own, and keep it after the end`;
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
