import { formatDuration } from "../../domain/duration.ts";
import type { PolicyRefusal } from "../decide/refusals.ts";

type Worded = Extract<PolicyRefusal, { kind: "reason_unfit" | "ticket_missing" | "ticket_unfit" }>;

/** Describes everything that speaks against a request, a sentence each. */
export function wordRefusals(refusals: readonly PolicyRefusal[]): string {
  return refusals.map(wordRefusal).join(" ");
}

/** Explains a refusal in one plain sentence for the person: what is allowed, and what they asked for. Plain text, no mrkdwn. */
export function wordRefusal(refusal: PolicyRefusal): string {
  switch (refusal.kind) {
    case "unknown_resource":
      return `There is no resource ${named(refusal.resource)}${meant(refusal.nearest)}; ${offer(refusal.allowed)}.`;
    case "unknown_role": {
      const { resource, role, nearest, allowed } = refusal;
      return `${resource} has no role ${named(role)}${meant(nearest)}; ${offer(allowed)}.`;
    }
    case "no_rule": {
      const { resource, role, nearMisses } = refusal;
      const near = nearMisses.slice(0, longestOffer).map(({ rule, why }) => `"${rule}" does, ${why}`);
      return near.length === 0
        ? `No rule lets you ask for ${resource}:${role}.`
        : `No rule lets you ask for ${resource}:${role} like this: ${near.join("; ")}.`;
    }
    case "denied":
      return refusal.message ?? `The rule "${refusal.rule}" denies you ${refusal.resource}:${refusal.role}.`;
    case "undecided":
      return `Whether the rule "${refusal.rule}" is about your request could not be found out, so the answer is no: ${refusal.why}. Those who keep the policy can mend it.`;
    case "duration_too_long": {
      const { maxSeconds, resource, role, askedSeconds } = refusal;
      return `At most ${formatDuration(maxSeconds)} is allowed for ${resource}:${role}; you asked for ${formatDuration(askedSeconds)}.`;
    }
    case "duration_invalid":
      return `Say how long you need ${refusal.resource}:${refusal.role}, such as 30m or 1h30m: at most ${formatDuration(refusal.maxSeconds)} is allowed.`;
    case "reason_missing":
      return "Say in the reason what you need the access for, so that others can judge and look it up later.";
    case "reason_too_long":
      return `At most ${refusal.maxCharacters} characters are allowed for the reason; yours has ${refusal.characters}.`;
    case "reason_unfit":
      return (
        refusal.message ?? `The reason is expected to have ${expected(refusal)} (rule "${refusal.rule}").`
      );
    case "ticket_missing":
      return (
        refusal.message ?? `The rule "${refusal.rule}" takes a ticket${wordPattern(refusal)}; you gave none.`
      );
    case "ticket_unfit":
      return refusal.message === undefined
        ? `The ticket is expected to have ${expected(refusal)} (rule "${refusal.rule}")${wordRead(refusal, "; yours is ")}.`
        : `${refusal.message}${wordRead(refusal, " Your ticket was read as ", ".")}`;
    case "input_unfit": {
      const { title, provider, why } = refusal;
      return why === undefined
        ? `${provider} takes "${title}" from whoever asks; you gave none.`
        : `${title}: ${why}.`;
    }
    case "conflict":
      return (
        refusal.message ??
        `Nobody may hold ${refusal.asks} and ${refusal.holds} together (${refusal.conflict}).`
      );
    case "locked_down":
      return `${refusal.value} is locked down: ${refusal.reason}. Admins of Hallpass can lift it.`;
    case "too_many":
      return `At most ${refusal.max} such ${refusal.max === 1 ? "grant" : "grants"} at a time; you hold ${refusal.held}. Give one back, or wait until it ends.`;
    case "too_many_pending":
      return `At most ${refusal.max} of your requests may wait for a decision at a time; ${refusal.waiting} ${refusal.waiting === 1 ? "does" : "do"}. Cancel one that you do not need any more, or wait until one is decided, then ask again.`;
    case "too_soon":
      return `You had this access lately and can ask again from ${wordTime(refusal.until)} on.`;
    case "not_break_glass":
      return `The rule "${refusal.rule}" does not let you take ${refusal.resource}:${refusal.role} at once; ask for it the ordinary way.`;
    case "nobody_can_approve": {
      const { resource, role, count, unreadable } = refusal;
      const why = unreadable.length === 0 ? "" : ` (${unreadable.join("; ")})`;
      return `${resource}:${role} takes ${count === 1 ? "an approval" : `${count} approvals`} by somebody other than you, but ${available(refusal.available, count)} give it${why}; tell those who write the policy.`;
    }
  }
}

/** What somebody typed, on one line, cut short, without invisible characters. */
function named(text: string): string {
  const inert = text
    .slice(0, 80)
    .replace(/[\p{C}\p{Z}]+/gu, " ")
    .trim();
  return `"${inert}${text.length > 80 ? "…" : ""}"`;
}

function meant(nearest: string | undefined): string {
  return nearest === undefined ? "" : ` (did you mean ${nearest}?)`;
}

/** A longer list would not be read. */
const longestOffer = 20;

function offer(allowed: readonly string[]): string {
  if (allowed.length === 0) return "there is none that you may ask for";
  const rest = allowed.length - longestOffer;
  return `you may ask for ${allowed.slice(0, longestOffer).join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}

function expected({ minLength, matches }: Worded): string {
  const length = minLength === undefined ? [] : [`at least ${minLength} characters`];
  const pattern = matches === undefined ? [] : [`something like ${matches}`];
  return [...length, ...pattern].join(" and ");
}

function wordRead({ ticket }: Worded, before: string, after = ""): string {
  return ticket === undefined ? "" : `${before}${named(ticket)}${after}`;
}

function wordPattern({ matches }: Worded): string {
  return matches === undefined ? "" : ` such as ${matches}`;
}

function wordTime(time: Date): string {
  return `${time.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

function available(count: number, needed: number): string {
  if (count === 0) return "nobody can";
  if (count >= needed) return "not enough people who have no other step to fill can";
  return `only ${count === 1 ? "1 person" : `${count} people`} can`;
}
