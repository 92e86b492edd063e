import { v7 as uuidv7 } from "uuid";
import type { AuditEvent } from "../domain/audit-event.ts";
import type { AccessRequest } from "../domain/request.ts";
import type { PrismaClient } from "../generated/prisma/client.ts";

/** What of a request stands beside each of its events, so that the audit can be searched without a join. */
export type EventContext = Pick<
  AccessRequest,
  "id" | "requester" | "resource" | "role" | "rule" | "policyVersion"
>;

/** An event as `audit_events` holds it; absent keys are stored as NULL. */
export function eventRow(event: AuditEvent, context?: Omit<EventContext, "id">): Record<string, unknown> {
  const { actor } = event;
  return {
    id: uuidv7(),
    at: event.at,
    type: event.type,
    grantId: event.grantId,
    actorKind: actor.kind,
    actorEmail: actor.kind === "person" ? actor.email : undefined,
    actorSlackId: actor.kind === "person" ? actor.slackId : undefined,
    requesterEmail: context?.requester.email,
    resource: context?.resource,
    role: context?.role,
    rule: context?.rule,
    policyVersion: context?.policyVersion,
    data: event.data,
  };
}

/**
 * Records an event that changes nothing else: a refused click, an export.
 * The same `dedupeKey` is recorded once, however often Slack delivers it.
 */
export async function recordEvent(
  db: PrismaClient,
  event: AuditEvent,
  options: { readonly request?: EventContext; readonly dedupeKey?: string } = {},
): Promise<void> {
  const row = JSON.stringify(eventRow(event, options.request));
  await db.$executeRaw`
    insert into audit_events (
      id, at, type, request_id, grant_id, actor_kind, actor_email, actor_slack_id, requester_email, resource, role,
      rule, policy_version, data, dedupe_key)
    select e.id, e.at, e.type, ${options.request?.id ?? null}::uuid, e."grantId", e."actorKind", e."actorEmail",
           e."actorSlackId", e."requesterEmail", e.resource, e.role, e.rule, e."policyVersion", e.data,
           ${options.dedupeKey ?? null}
    from jsonb_to_record(${row}::jsonb) as e(
      id uuid, at timestamptz, type text, "grantId" uuid, "actorKind" text, "actorEmail" text, "actorSlackId" text,
      "requesterEmail" text, resource text, role text, rule text, "policyVersion" text, data jsonb)
    on conflict (dedupe_key) do nothing`;
}

/** Whether an event with this key is recorded. */
export async function isRecorded(db: PrismaClient, dedupeKey: string): Promise<boolean> {
  return (await db.auditEvent.count({ where: { dedupeKey } })) > 0;
}
