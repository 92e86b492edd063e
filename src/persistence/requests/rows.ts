import { z } from "zod";
import { RequestFlag } from "../../domain/request/anomalies.ts";
import { type Grant, grantStatuses, revokeReasons, type SystemIds } from "../../domain/grant/grant.ts";
import {
  type AccessRequest,
  PersonalDecision,
  PlannedGrant,
  RequestSource,
  requestStatuses,
  Terms,
} from "../../domain/request/request.ts";

const instant = z.coerce.date();
const optional = <T extends z.ZodType>(schema: T): z.ZodOptional<T> => schema.optional();

/** Drops keys whose column is NULL, so that absent stays absent. */
function withoutNulls(row: unknown): unknown {
  if (typeof row !== "object" || row === null) return row;
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null));
}

function idsOf(row: {
  readonly system?: string | undefined;
  readonly subject_id?: string | undefined;
  readonly target_id?: string | undefined;
}): SystemIds | undefined {
  const { system, subject_id: subjectId, target_id: targetId } = row;
  if (system === undefined || subjectId === undefined || targetId === undefined) return undefined;
  return { system, subjectId, targetId };
}

/** A row of `grants`. */
export const GrantRow = z.preprocess(
  withoutNulls,
  z
    .object({
      id: z.string(),
      request_id: z.string(),
      status: z.enum(grantStatuses),
      provider: z.string(),
      subject: z.string(),
      target: z.unknown(),
      asked_at: optional(instant),
      system: optional(z.string()),
      subject_id: optional(z.string()),
      target_id: optional(z.string()),
      state: optional(z.record(z.string(), z.unknown())),
      duration_seconds: z.number(),
      active_at: optional(instant),
      expires_at: optional(instant),
      ending_since: optional(instant),
      revoke_reason: optional(z.enum(revokeReasons)),
      revoked_at: optional(instant),
      revoke_attempts: z.number(),
      last_error: optional(z.string()),
      last_used_at: optional(instant),
      is_standing: optional(z.boolean()),
      is_left: optional(z.boolean()),
      vanished_at: optional(instant),
      handover: optional(
        z
          .object({ title: z.string(), sealed: optional(z.string()), since: z.string() })
          .transform((handover) => defined(handover)),
      ),
    })
    .transform((row): Grant =>
      defined({
        id: row.id,
        requestId: row.request_id,
        status: row.status,
        provider: row.provider,
        subject: row.subject,
        target: row.target,
        askedAt: row.asked_at,
        ids: idsOf(row),
        state: row.state,
        durationSeconds: row.duration_seconds,
        activeAt: row.active_at,
        expiresAt: row.expires_at,
        endingSince: row.ending_since,
        revokeReason: row.revoke_reason,
        revokedAt: row.revoked_at,
        revokeAttempts: row.revoke_attempts,
        lastError: row.last_error,
        lastUsedAt: row.last_used_at,
        isStanding: row.is_standing === true ? true : undefined,
        isLeft: row.is_left === true ? true : undefined,
        vanishedAt: row.vanished_at,
        handover: row.handover,
      }),
    ),
);

const RequestRow = z.preprocess(
  withoutNulls,
  z
    .object({
      id: z.string(),
      number: z.number(),
      version: z.number(),
      status: z.enum(requestStatuses),
      source: RequestSource,
      requester_email: z.string(),
      requester_name: z.string(),
      requester_slack_id: optional(z.string()),
      requester_person: z.number(),
      resource: z.string(),
      role: z.string(),
      duration_seconds: z.number(),
      reason: z.string(),
      ticket: optional(z.string()),
      policy_version: z.string(),
      rule: optional(z.string()),
      terms: Terms,
      planned: z.array(PlannedGrant),
      decisions: z.array(PersonalDecision),
      held_before: optional(z.array(z.string())),
      flags: optional(z.array(RequestFlag)),
      created_at: instant,
      respond_by: optional(instant),
      closed_at: optional(instant),
    })
    .transform((row): AccessRequest =>
      defined({
        id: row.id,
        number: row.number,
        version: row.version,
        status: row.status,
        source: row.source,
        requester: defined({
          id: row.requester_person,
          email: row.requester_email,
          name: row.requester_name,
          slackId: row.requester_slack_id,
        }),
        resource: row.resource,
        role: row.role,
        durationSeconds: row.duration_seconds,
        reason: row.reason,
        ticket: row.ticket,
        policyVersion: row.policy_version,
        rule: row.rule,
        terms: row.terms,
        planned: row.planned,
        decisions: row.decisions,
        heldBefore: row.held_before,
        flags: row.flags,
        createdAt: row.created_at,
        respondBy: row.respond_by,
        closedAt: row.closed_at,
      }),
    ),
);

/** A request with its grants, as one query reads them. */
export const StateRow = z
  .object({ request: RequestRow, grants: z.array(GrantRow), now: instant })
  .transform(({ request, grants, now }) => ({ state: { request, grants }, now }));

type Optional<T, K extends keyof T> = unknown extends T[K] ? never : undefined extends T[K] ? K : never;
type OptionalKeys<T> = { [K in keyof T]-?: Optional<T, K> }[keyof T];
type Defined<T> = Omit<T, OptionalKeys<T>> & { [K in OptionalKeys<T>]?: Exclude<T[K], undefined> };

/** An object without its undefined keys: exact optional properties are absent, not undefined. */
function defined<T extends object>(value: T): Defined<T> {
  // What is left has the keys of T without those that were undefined, which is what the type says.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as Defined<T>;
}
