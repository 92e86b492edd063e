import { formatDuration } from "../domain/duration.ts";
import type { PolicyRefusal } from "./evaluate.ts";

/** One plain sentence for the person who was refused: what is allowed, and what they asked for. Plain text, no mrkdwn. */
export function wordRefusal(refusal: PolicyRefusal): string {
  switch (refusal.kind) {
    case "unknown_resource":
      return `There is no resource ${named(refusal.resource)}${meant(refusal.nearest)}; ${offer(refusal.allowed)}.`;
    case "unknown_role": {
      const { resource, role, nearest, allowed } = refusal;
      return `${resource} has no role ${named(role)}${meant(nearest)}; ${offer(allowed)}.`;
    }
    case "no_rule":
      return `No rule lets you ask for ${refusal.resource}:${refusal.role}.`;
    case "denied":
      return refusal.message ?? `The rule "${refusal.rule}" denies you ${refusal.resource}:${refusal.role}.`;
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
    case "nobody_can_approve":
      return `${refusal.resource}:${refusal.role} takes ${refusal.count === 1 ? "an approval" : `${refusal.count} approvals`} by somebody other than you, but ${available(refusal.available)} give it; tell those who write the policy.`;
  }
}

/** What somebody typed: one line, cut short, nothing invisible. */
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

/** More would not be read. */
const longestOffer = 20;

function offer(allowed: readonly string[]): string {
  if (allowed.length === 0) return "there is none that you may ask for";
  const rest = allowed.length - longestOffer;
  return `you may ask for ${allowed.slice(0, longestOffer).join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}

function available(count: number): string {
  return count === 0 ? "nobody can" : `only ${count === 1 ? "1 person" : `${count} people`} can`;
}
