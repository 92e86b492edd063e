import { z } from "zod";
import type { RequestFlag } from "./anomalies.ts";
import type { Person } from "./person.ts";

export const requestStatuses = ["pending", "approved", "denied", "cancelled", "expired", "refused"] as const;
export type RequestStatus = (typeof requestStatuses)[number];

export const RequestSource = z.enum(["slack", "api", "cli"]);
export type RequestSource = z.infer<typeof RequestSource>;

/** One approval step as the policy worded and resolved it when the request was filed. */
const ReviewStep = z.object({
  count: z.number().int().positive(),
  from: z.array(z.string()),
  approvers: z.array(z.string()),
  /** Whom the step pings, who may decide it or not; everybody who may decide unless said. */
  notify: z.array(z.string()).optional(),
});
const seconds = z.number().int().positive();

/** What the policy said when the request was filed; shown to approvers, kept for auditors. */
export const Terms = z.object({
  verdict: z.enum(["allow", "review", "refuse"]),
  resourceTitle: z.string(),
  roleTitle: z.string(),
  risk: z.enum(["low", "medium", "high"]),
  channel: z.string(),
  alerts: z.string(),
  steps: z.array(ReviewStep),
  /** Why the policy refused; only with the verdict `refuse`. */
  refusal: z.string().optional(),
  /** It was not the policy's will, but something that whoever keeps the policy can mend: a group that cannot be read, say. */
  isMendable: z.boolean().optional(),
  /** What could not be found out and made the answer no better. */
  doubts: z.array(z.string()).optional(),
  /** The request whose access this one asks to last longer. */
  extends: z
    .object({
      requestId: z.string(),
      number: z.number().int(),
      /** Which of those that ask the same it is, from 1 on; no two are the same. */
      place: z.number().int().optional(),
    })
    .optional(),
  /** Where a request by the API came from. */
  ip: z.string().optional(),
  remindEverySeconds: seconds.optional(),
  /** Who may decide too once the request has waited this long. */
  escalate: z
    .object({ afterSeconds: seconds, to: z.array(z.string()), approvers: z.array(z.string()) })
    .optional(),
  /** Once approved, the requester starts the access within this. */
  startWithinSeconds: seconds.optional(),
  extend: z.object({ times: z.number().int().positive(), bySeconds: seconds }).optional(),
  revokeOnIdleSeconds: seconds.optional(),
  /** The access was taken at once; these look at it afterwards. */
  breakGlass: z
    .object({ from: z.array(z.string()), reviewers: z.array(z.string()), withinSeconds: seconds })
    .optional(),
});
export type Terms = Readonly<z.infer<typeof Terms>>;

/** A grant that an approval will make: decided when the request is filed, so that what is approved is what is granted. */
export const PlannedGrant = z.object({
  grantId: z.string(),
  /** The role it is of: in a bundle not the one that was asked for. */
  access: z.string().optional(),
  provider: z.string(),
  subject: z.string(),
  target: z.unknown(),
  /** What the requester typed because this provider asks for it, each under the title that the form showed. */
  input: z.array(z.object({ name: z.string(), title: z.string(), value: z.string() })).optional(),
});
export type PlannedGrant = Readonly<z.infer<typeof PlannedGrant>>;

/** Why an approval stops counting: who gave it is locked down, has left, or turned out to be who asked. */
export const discountReasons = ["lockdown", "offboarded", "own"] as const;
export type DiscountReason = (typeof discountReasons)[number];

/** What one person decided. */
export const PersonalDecision = z.object({
  /** `accept` and `object` are the review of access that was taken at once. */
  verdict: z.enum(["approve", "deny", "accept", "object"]),
  /** Who, by our number; the rest is what they were called then. */
  person: z.number().int(),
  email: z.string(),
  name: z.string(),
  slackId: z.string().optional(),
  reason: z.string().optional(),
  /** ISO 8601, UTC. */
  at: z.string(),
  /** Names the click, so that the same click delivered twice is seen to be one. */
  key: z.string().optional(),
  /** Of an approval that does not count any more: why. */
  discounted: z.enum(discountReasons).optional(),
});
export type PersonalDecision = Readonly<z.infer<typeof PersonalDecision>>;

/** Somebody asked for a role on a resource. The request is the decision; the grant is the access. */
export type AccessRequest = {
  readonly id: string;
  /** People read it as `AR-1042`. */
  readonly number: number;
  /** Counts transitions; a transition is recorded only against the version it was decided on. */
  readonly version: number;
  readonly status: RequestStatus;
  readonly source: RequestSource;
  readonly requester: Person;
  readonly resource: string;
  readonly role: string;
  readonly durationSeconds: number;
  readonly reason: string;
  readonly ticket?: string;
  readonly policyVersion: string;
  readonly rule?: string;
  readonly terms: Terms;
  readonly planned: readonly PlannedGrant[];
  readonly decisions: readonly PersonalDecision[];
  /** What of it the requester was found to have already, by a right of their own. */
  readonly heldBefore?: readonly string[];
  /** What was unusual about it beside the requester's earlier ones. */
  readonly flags?: readonly RequestFlag[];
  readonly createdAt: Date;
  /** A request that nobody has decided by then expires. */
  readonly respondBy?: Date;
  readonly closedAt?: Date;
};

/** `AR-1042`: how people name a request. */
export function requestName(request: { readonly number: number }): string {
  return `AR-${request.number}`;
}
