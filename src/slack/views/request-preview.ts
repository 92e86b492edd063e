import { formatDuration } from "../../domain/duration.ts";
import type { Evaluation } from "../../policy/decide/evaluate.ts";
import { wordRefusals } from "../../policy/explain/refusal-words.ts";
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
        ? `🚨 Taken at once, announced in the alerts channel, and reviewed within ${formatDuration(evaluation.breakGlass.withinSeconds)} by ${named(evaluation.breakGlass.reviewers)}.`
        : `✅ At once: the rule "${evaluation.rule}" asks nobody.`;
    case "review": {
      const steps = evaluation.steps.map(wordStep).join(", then ");
      return `👥 Needs ${steps} (rule "${evaluation.rule}"). Asked in ${evaluation.channel}.`;
    }
  }
}

function wordStep({ count, approvers }: Step): string {
  return `${count} of ${named(approvers)}`;
}

function named(emails: readonly string[]): string {
  const more = emails.length - mostNames;
  return `${emails.slice(0, mostNames).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
