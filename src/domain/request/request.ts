import { z } from "zod";
import type { RequestFlag } from "./anomalies.ts";
import type { Person } from "../person.ts";

export const requestStatuses = ["pending", "approved", "denied", "cancelled", "expired", "refused"] as const;
export type RequestStatus = (typeof requestStatuses)[number];

export const RequestSource = z.enum(["slack", "api", "cli"]);
export type RequestSource = z.infer<typeof RequestSource>;

const seconds = z.number().int().positive();
const texts = z.array(z.string()).readonly();

/** One approval step as the policy worded and resolved it when the request was filed. */
const ApprovalStep = z.object({
  count: z.number().int().positive(),
  from: texts,
  approvers: texts,
  /** Whom the step pings, whether or not they may decide; by default everybody who may. */
  notify: texts.optional(),
});

/** What the deciding rule gives a request as it says it; src/policy/language/rule-keys.ts says which of its keys is which. */
export const RuleTerms = z.object({
  remindEverySeconds: seconds.optional(),
  /** Once approved, the requester has to start the access within this. */
  startWithinSeconds: seconds.optional(),
  extend: z.object({ times: z.number().int().positive(), bySeconds: seconds }).optional(),
  revokeOnIdleSeconds: seconds.optional(),
});
export type RuleTerms = Readonly<z.infer<typeof RuleTerms>>;

/** What the policy said when the request was filed; shown to approvers, kept for auditors. */
export const Terms = RuleTerms.extend({
  verdict: z.enum(["allow", "review", "refuse"]),
  resourceTitle: z.string(),
  roleTitle: z.string(),
  risk: z.enum(["low", "medium", "high"]),
  channel: z.string(),
  alerts: z.string(),
  steps: z.array(ApprovalStep).readonly(),
  /** Why the policy refused; only with the verdict `refuse`. */
  refusal: z.string().optional(),
  /** Refused because of a fault an operator can fix (such as an unreadable group), not by a rule. */
  isMendable: z.boolean().optional(),
  /** Refused by a `deny` rule, and not for how it was asked. */
  isDenied: z.boolean().optional(),
  /** Facts that could not be found out, and did not make the answer more lenient. */
  doubts: texts.optional(),
  /** The request whose access this one asks to extend. */
  extends: z
    .object({
      requestId: z.string(),
      number: z.number().int(),
      /** Its number among the extensions of the same request, from 1; unique. */
      place: z.number().int().optional(),
    })
    .optional(),
  /** The address that a request by the API came from. */
  ip: z.string().optional(),
  /** Who may decide too once the request has waited this long. */
  escalate: z.object({ afterSeconds: seconds, to: texts, approvers: texts }).optional(),
  /** The access was taken by break-glass; who reviews it afterwards. */
  breakGlass: z.object({ from: texts, reviewers: texts, withinSeconds: seconds }).optional(),
});
export type Terms = Readonly<z.infer<typeof Terms>>;

/** A grant that an approval will make: decided when the request is filed, so that what is approved is what is granted. */
export const PlannedGrant = z.object({
  grantId: z.string(),
  /** The `resource:role` it gives; in a bundle it differs from the one that was asked for. */
  access: z.string().optional(),
  provider: z.string(),
  subject: z.string(),
  target: z.unknown(),
  /** What the requester typed for this provider, each under the title that the form showed. */
  input: z.array(z.object({ name: z.string(), title: z.string(), value: z.string() })).optional(),
});
export type PlannedGrant = Readonly<z.infer<typeof PlannedGrant>>;

/** Why an approval stops counting: its giver is locked down, has left, or turned out to be the requester. */
export const discountReasons = ["lockdown", "offboarded", "own"] as const;
export type DiscountReason = (typeof discountReasons)[number];

/** What one person decided. */
export const PersonalDecision = z.object({
  /** `accept` and `object` are reviews of break-glass access. */
  verdict: z.enum(["approve", "deny", "accept", "object"]),
  /** Our id for the person; the other fields are what they were called then. */
  person: z.number().int(),
  email: z.string(),
  name: z.string(),
  account: z.string().optional(),
  reason: z.string().optional(),
  /** ISO 8601, UTC. */
  at: z.string(),
  /** Idempotency key of the click, so that a repeated delivery counts once. */
  key: z.string().optional(),
  /** Why this approval no longer counts; absent while it does. */
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
  /** Which of the requested access the requester already held in their own right. */
  readonly heldBefore?: readonly string[];
  /** What was unusual compared with the requester's earlier requests. */
  readonly flags?: readonly RequestFlag[];
  readonly createdAt: Date;
  /** The request expires if nobody has decided it by then. */
  readonly respondBy?: Date;
  readonly closedAt?: Date;
};

/** `AR-1042`: how people name a request. */
export function requestName(request: { readonly number: number }): string {
  return `AR-${request.number}`;
}

/** What a grant of the request gives, in the policy's words: `orders-db:write`. In a bundle it is one of several. */
export function accessOfGrant(
  { planned, resource, role }: Pick<AccessRequest, "planned" | "resource" | "role">,
  grantId: string,
): string {
  return planned.find((each) => each.grantId === grantId)?.access ?? `${resource}:${role}`;
}
