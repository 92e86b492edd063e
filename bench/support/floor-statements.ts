import { v7 as uuidv7 } from "uuid";
import type { PrismaClient } from "../../src/generated/prisma/client.ts";
import type { BenchPerson } from "./workspace.ts";

const terms = JSON.stringify({
  verdict: "review",
  resourceTitle: "Orders database",
  roleTitle: "Read only",
  risk: "high",
  channel: "#access-requests",
  alerts: "#access-requests",
  steps: [{ count: 1, from: ["group:leads"], approvers: ["lead@example.com"] }],
});
const target = { role: "orders_read" };

/** Records people by their accounts and addresses, and returns each's number, by account. */
export async function meetPeople(
  db: PrismaClient,
  people: readonly BenchPerson[],
): Promise<ReadonlyMap<string, number>> {
  const rows = await db.$queryRaw<{ account: string; number: number }[]>`
    with offered as (
      select nextval(pg_get_serial_sequence('people', 'id'))::int as number, o.*
      from jsonb_to_recordset(${JSON.stringify(people)}::jsonb) as o(id text, email text)),
    met as (
      insert into people (id, key) select number, sha256(id::bytea) from offered),
    named as (
      insert into person_names (person_id, kind, name, since)
      select number, kind, case kind when 'email' then email else id end, now()
      from offered, unnest(array['account', 'email']) kind)
    select id as "account", number from offered`;
  return new Map(rows.map(({ account, number }) => [account, number]));
}

/** Somebody and their number. */
export type Numbered = BenchPerson & { readonly number: number };

/** Where messages are said. */
const said = { surface: "slack" };
const posted = JSON.stringify(said);

/** Files a request with its audit event and its three effects, as Hallpass records it; returns its number. */
export async function fileRequest(
  db: PrismaClient,
  request: {
    readonly id: string;
    readonly policyVersion: string;
    readonly requester: Numbered;
    readonly dedupeKey: string;
    readonly reason: string;
  },
): Promise<number> {
  const { id, policyVersion, requester, dedupeKey, reason } = request;
  const now = new Date();
  const respondBy = new Date(now.getTime() + 24 * 3_600_000);
  const planned = [{ grantId: uuidv7(), provider: "orders-postgres", subject: requester.name, target }];
  const asked = JSON.stringify({ durationSeconds: 3600, reason, source: "slack" });
  const told = JSON.stringify({
    event: { type: "request.created", at: now, actor: requester, data: asked },
    ...said,
  });
  const rows = await db.$queryRaw<[{ number: number }]>`
    with filed as (
      insert into access_requests (
        id, status, dedupe_key, source, requester_email, requester_name, requester_account, requester_person, resource,
        role, duration_seconds, reason, policy_version, rule, terms, planned, created_at, respond_by)
      values (
        ${id}::uuid, 'pending', ${dedupeKey}, 'slack', ${requester.email}, ${requester.name}, ${requester.id},
        ${requester.number}, 'orders-db', 'read', 3600, ${reason}, ${policyVersion}, 'reading takes a lead', ${terms}::jsonb,
        ${JSON.stringify(planned)}::jsonb, ${now}, ${respondBy})
      on conflict (dedupe_key) do nothing
      returning number),
    logged as (
      insert into audit_events (
        id, at, type, request_id, request_number, actor_kind, actor_email, actor_slack_id, actor_person, requester_email,
        requester_person, resource, role, rule, policy_version, data)
      select ${uuidv7()}::uuid, ${now}, 'request.created', ${id}::uuid, number, 'person', ${requester.email}, ${requester.id},
             ${requester.number}, ${requester.email}, ${requester.number}, 'orders-db', 'read', 'reading takes a lead', ${policyVersion}, ${asked}::jsonb
      from filed),
    owed as (
      insert into effects (id, request_id, kind, queue, lane, payload, due_at)
      select e.id, ${id}::uuid, e.kind, e.queue, e.lane || ${id}, e.payload, e.due_at
      from filed, (values
        (${uuidv7()}::uuid, 'post_request', 'messages', 'slack-thread-', ${posted}::jsonb, ${now}::timestamptz),
        (${uuidv7()}::uuid, 'tell_requester', 'messages', 'slack-requester-', ${told}::jsonb, ${now}::timestamptz),
        (${uuidv7()}::uuid, 'expire_request', 'deadlines', 'deadline-', '{}'::jsonb, ${respondBy}::timestamptz)
      ) as e(id, kind, queue, lane, payload, due_at))
    select number from filed`;
  return rows[0].number;
}

/** Approves a request with its grant, its three audit events and its four effects, as Hallpass records it. */
export async function approveRequest(
  db: PrismaClient,
  request: { readonly id: string; readonly policyVersion: string; readonly approver: Numbered },
): Promise<void> {
  const { id, policyVersion, approver } = request;
  const now = new Date();
  const grantId = uuidv7();
  const decisions = [
    {
      verdict: "approve",
      email: approver.email,
      name: approver.name,
      at: now,
      account: approver.id,
      person: approver.number,
    },
  ];
  const given = JSON.stringify({ name: approver.name, have: 1, needed: 1 });
  const approved = JSON.stringify({ approvers: [approver.email] });
  const started = JSON.stringify({ provider: "orders-postgres", subject: "engineer1", target });
  const told = JSON.stringify({
    event: { type: "request.approved", at: now, actor: approver, data: approved },
    ...said,
  });
  await db.$queryRaw`
    with decided as (
      update access_requests
      set version = version + 1, status = 'approved', decisions = ${JSON.stringify(decisions)}::jsonb, closed_at = ${now}
      where id = ${id}::uuid and version = 1
      returning requester_email, requester_person, number),
    granted as (
      insert into grants (id, request_id, status, provider, subject, target, duration_seconds)
      select ${grantId}::uuid, ${id}::uuid, 'granting', 'orders-postgres', 'engineer1',
             ${JSON.stringify(target)}::jsonb, 3600
      from decided),
    logged as (
      insert into audit_events (
        id, at, type, request_id, request_number, grant_id, actor_kind, actor_email, actor_slack_id, actor_person,
        requester_email, requester_person, resource, role, rule, policy_version, data)
      select e.id, ${now}, e.type, ${id}::uuid, number, e.grant_id, e.actor_kind, e.actor_email, e.actor_slack_id,
             case when e.actor_kind = 'person' then ${approver.number}::int end, requester_email, requester_person, 'orders-db', 'read', 'reading takes a lead', ${policyVersion}, e.data
      from decided, (values
        (${uuidv7()}::uuid, 'approval.given', null, 'person', ${approver.email}, ${approver.id}, ${given}::jsonb),
        (${uuidv7()}::uuid, 'request.approved', null, 'person', ${approver.email}, ${approver.id}, ${approved}::jsonb),
        (${uuidv7()}::uuid, 'grant.started', ${grantId}::uuid, 'hallpass', null, null, ${started}::jsonb)
      ) as e(id, type, grant_id, actor_kind, actor_email, actor_slack_id, data)),
    owed as (
      insert into effects (id, request_id, grant_id, kind, queue, lane, payload, due_at)
      select e.id, ${id}::uuid, e.grant_id, e.kind, e.queue, e.lane, e.payload, ${now}
      from decided, (values
        (${uuidv7()}::uuid, null, 'update_request', 'messages', 'slack-thread-' || ${id}, ${posted}::jsonb),
        (${uuidv7()}::uuid, null, 'tell_thread', 'messages', 'slack-thread-' || ${id}, ${told}::jsonb),
        (${uuidv7()}::uuid, null, 'tell_requester', 'messages', 'slack-requester-' || ${id}, ${told}::jsonb),
        (${uuidv7()}::uuid, ${grantId}::uuid, 'grant', 'grants', 'grant-' || ${grantId}, '{}'::jsonb)
      ) as e(id, grant_id, kind, queue, lane, payload))
    select 1 from decided`;
}
