import { z } from "zod";
import { RequestFlag } from "../../domain/request/anomalies.ts";
import {
  type AccessRequest,
  PersonalDecision,
  PlannedGrant,
  RequestSource,
  requestStatuses,
  Terms,
} from "../../domain/request/request.ts";
import { GrantRow } from "./grant-columns.ts";

const instant = z.coerce.date();
const optional = <T extends z.ZodType>(schema: T): z.ZodOptional<T> => schema.optional();

/** Drops keys whose column is NULL, so that absent stays absent. */
function withoutNulls(row: unknown): unknown {
  if (typeof row !== "object" || row === null) return row;
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null));
}

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
      requester_account: optional(z.string()),
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
          account: row.requester_account,
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
