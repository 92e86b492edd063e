import { formatDuration } from "../../domain/duration.ts";
import type { Evaluation } from "../../policy/decide/evaluate.ts";
import { wordRefusals } from "../../policy/explain/refusal-words.ts";
import { listed, plainText } from "../../words/piece.ts";
import type { Step } from "../../policy/decide/review.ts";

/** Number of approvers to name. */
const mostNames = 5;

/** Previews the outcome of a request, in the form before it is submitted. Plain text. */
export function previewText(evaluation: Evaluation): string {
  switch (evaluation.verdict) {
    case "refuse":
      return `⚠️ ${wordRefusals(evaluation.refusals)}`;
    case "allow":
      return evaluation.breakGlass
        ? `🚨 No approval: you get access right away. It is announced in the alerts channel, and ${named(evaluation.breakGlass.reviewers, "or")} reviews it within ${formatDuration(evaluation.breakGlass.withinSeconds)}.`
        : "✅ No approval needed: you get access right away.";
    case "review": {
      const steps = evaluation.steps.map(wordStep).join(", then ");
      return `👥 Needs approval from ${steps}. Posted in ${evaluation.channel}.`;
    }
  }
}

function wordStep({ count, approvers }: Step): string {
  if (count === 1) return named(approvers, "or");
  return count === approvers.length ? named(approvers, "and") : `${count} of ${named(approvers, "and")}`;
}

function named(emails: readonly string[], last: "and" | "or"): string {
  const shown = emails.slice(0, mostNames);
  const more = emails.length - shown.length;
  const all = more > 0 ? [...shown, `${more} more`] : shown;
  return plainText(listed(all, last));
}
