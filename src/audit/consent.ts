import type { LoggedEvent } from "./read-events.ts";

/** Who let somebody have what they asked for. */
export type Consent =
  | { readonly by: "people"; readonly approvals: readonly Approval[] }
  /** An `allow` rule. */
  | { readonly by: "rule" }
  /** Taken at once; `review`: what was made of it afterwards. */
  | { readonly by: "break_glass"; readonly review?: { readonly by: string; readonly verdict: string } }
  | { readonly by: "nobody" };

type Approval = {
  readonly by: string;
  readonly at: Date;
  /** Where it was given under another version of the policy than the request was filed under. */
  readonly policyVersion?: string;
};

/** Reads from a request's events who let it happen. */
export function consentOf(events: readonly LoggedEvent[]): Consent {
  if (events.some(({ type }) => type === "break_glass.used")) {
    const review = events.flatMap(({ event, actor }) =>
      event?.type === "break_glass.reviewed"
        ? [{ by: nameOf(actor), verdict: event.data.verdict === "accept" ? "justified" : "not justified" }]
        : [],
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

/** An actor as people read it. */
export function nameOf(actor: LoggedEvent["actor"]): string {
  switch (actor.kind) {
    case "person":
      return actor.email ?? actor.slackId ?? "somebody unknown";
    case "policy":
      return "the policy";
    case "hallpass":
      return "Hallpass";
  }
}
