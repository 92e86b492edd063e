import { wordVerdict } from "../../words/break-glass-words.ts";
import { nameOf } from "../../words/people.ts";
import type { LoggedEvent } from "./read-events.ts";

/** Who allowed somebody to have what they asked for. */
export type Consent =
  | { readonly by: "people"; readonly approvals: readonly Approval[] }
  /** An `allow` rule. */
  | { readonly by: "rule" }
  /** Taken at once, by break-glass; `review`: the verdict given afterwards. */
  | { readonly by: "break_glass"; readonly review?: { readonly by: string; readonly verdict: string } }
  | { readonly by: "nobody" };

type Approval = {
  readonly by: string;
  readonly at: Date;
  /** Set if it was given under a different policy version than the request was filed under. */
  readonly policyVersion?: string;
};

/** Reads from a request's events who allowed it. */
export function consentOf(events: readonly LoggedEvent[]): Consent {
  if (events.some(({ type }) => type === "break_glass.used")) {
    const review = events.flatMap(({ event, actor }) =>
      event?.type === "break_glass.reviewed" ? [{ by: nameOf(actor), verdict: wordVerdict(event.data) }] : [],
    );
    return { by: "break_glass", ...(review[0] && { review: review[0] }) };
  }
  const approved = events.find(({ type }) => type === "request.approved");
  if (!approved) return { by: "nobody" };
  if (approved.actor.kind === "policy") return { by: "rule" };
  const approvals = events.flatMap(({ event, actor, at }) => {
    if (event?.type !== "approval.given") return [];
    const { policyVersion } = event.data;
    return [{ by: nameOf(actor), at, ...(policyVersion === undefined ? {} : { policyVersion }) }];
  });
  return { by: "people", approvals };
}
