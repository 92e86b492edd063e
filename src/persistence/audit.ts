import type { AuditEvent } from "../domain/audit-event.ts";
import type { PrismaClient } from "../generated/prisma/client.ts";
import { type EventContext, withEventRows } from "./event-rows.ts";

/**
 * Records an event that changes nothing else: a refused click, an export.
 * The same `dedupeKey` is recorded once, however often Slack delivers it.
 */
export async function recordEvent(
  db: PrismaClient,
  event: AuditEvent,
  options: { readonly request?: EventContext; readonly dedupeKey?: string } = {},
): Promise<void> {
  await withEventRows(db, [event], options.request, async ([row], persons) => {
    await db.$executeRaw`
    insert into audit_events (
      id, at, type, request_id, grant_id, actor_kind, actor_email, actor_slack_id, actor_person, requester_email,
      requester_person, resource, role, rule, policy_version, data, dedupe_key)
    select e.id, e.at, e.type, ${options.request?.id ?? null}::uuid, e."grantId", e."actorKind", e."actorEmail",
           e."actorSlackId", e."actorPerson", e."requesterEmail", e."requesterPerson", e.resource, e.role, e.rule,
           e."policyVersion", e.data, ${options.dedupeKey ?? null}
    from jsonb_to_record(${JSON.stringify(row)}::jsonb) as e(
      id uuid, at timestamptz, type text, "grantId" uuid, "actorKind" text, "actorEmail" text, "actorSlackId" text,
      "actorPerson" int, "requesterEmail" text, "requesterPerson" int, resource text, role text, rule text,
      "policyVersion" text, data jsonb)
    where hallpass_insist_on_keys(${persons})
    on conflict (dedupe_key) do nothing`;
  });
}

/** Whether an event with this key is recorded. */
export async function isRecorded(db: PrismaClient, dedupeKey: string): Promise<boolean> {
  return (await db.auditEvent.count({ where: { dedupeKey } })) > 0;
}
