import type { Client } from "pg";
import { person, requesterCount, workspace } from "./workspace.ts";

const peopleCount = 10_000;
/** As far back as the past reaches, evenly spread. */
const pastDays = 3 * 365;
/** Effects that were done are deleted after this, unless the policy says otherwise. */
const keptDays = 30;
/** Of every so many requests one is of somebody who asks in the benchmark: it is their own past that is read. */
const ownOf = 5;
/** Events, and effects that are done, of each request. */
const perRequest = 10;
/** Rows of one statement, some hundred bytes each. */
const step = 50_000;

/**
 * Fills a migrated database that has nothing in it with past requests: 8 of 10 approved, granted and revoked, the others denied,
 * refused, expired or cancelled, with ten audit events each, and ten effects as long as those are kept, of 10,000 people. Of the texts only the length is
 * true, and the chain's hashes are of nothing: neither is read by whoever asks and approves.
 */
export async function fillHistory(client: Client, requests: number): Promise<void> {
  await client.query("set synchronous_commit = off");
  await client.query(
    "insert into policies (hash, text) values (encode(sha256('version: 1'), 'hex'), 'version: 1')",
  );
  await client.query(
    "insert into people (key) select sha256(n::text::bytea) from generate_series(1, $1::int) n",
    [peopleCount],
  );
  const known = Array.from({ length: requesterCount + 1 }, (_, number) => person(number));
  await client.query(
    `insert into person_names (person_id, kind, name, since)
     select n, k.kind, coalesce(o.one ->> k.key, k.otherwise), now()
     from generate_series(1, $1::int) n
     left join jsonb_array_elements($2) with ordinality as o(one, place) on o.place = n
     cross join lateral (values ('account', 'id', 'U0PAST' || n), ('email', 'email', 'past' || n || '@example.com'))
       as k(kind, key, otherwise)`,
    [peopleCount, JSON.stringify(known)],
  );
  for (let from = 1; from <= requests; from += step) {
    const part = [from, Math.min(requests, from + step - 1), requests];
    for (const sql of [requestsSql, grantsSql, eventsSql, effectsSql]) await client.query(sql, part);
  }
  await client.query(
    `insert into audit_chain (sequence, event_seq, hash)
     select row_number() over (order by seq), seq, encode(sha256(seq::text::bytea), 'hex') from audit_events`,
  );
  await client.query(
    `insert into requesters (person_id, approvals)
     select requester_person, count(*) from access_requests where status = 'approved' group by 1`,
  );
  await client.query("select setval('access_requests_number_seq', $1)", [requests]);
  await client.query("vacuum (freeze, analyze)");
  await client.query("checkpoint");
}

const idOf = (kind: number, number: string): string =>
  `('01900000-0000-700${kind}-8000-' || lpad(to_hex(${number}), 12, '0'))::uuid`;
const requestId = idOf(0, "n");
const grantId = idOf(1, "n");
const policyHash = "encode(sha256('version: 1'), 'hex')";
const lead = person(0);

/** Request `n` of \`$3\`, with who asked, when, and what became of it. */
const past = `
  generate_series($1::int, $2::int) n
  cross join lateral (
    select case when n % ${ownOf} = 0 then 2 + n / ${ownOf} % ${requesterCount}
                else 2 + ${requesterCount} + n % (${peopleCount} - ${requesterCount} - 1) end as person,
           date_trunc('milliseconds', now() - ($3::int - n + 1) * interval '${pastDays} days' / $3::int - interval '3 hours') as at,
           case when n % 10 = 0 then 'orders-db' else 'resource-' || n % 997 end as resource,
           case n / 7 % 10 when 0 then 'denied' when 1 then (array['refused', 'expired', 'cancelled'])[1 + n % 3] else 'approved' end as status
  ) p`;

const requestsSql = `
  insert into access_requests (
    id, number, version, status, source, requester_email, requester_name, requester_account, requester_person, resource, role,
    duration_seconds, reason, policy_version, rule, terms, planned, decisions, created_at, respond_by, closed_at, held_since, held_until)
  select ${requestId}, n, case status when 'approved' then 6 else 2 end, status, 'slack', 'past' || person || '@example.com', 'Past ' || person,
         'U0PAST' || person, person, resource, 'read', 3600, 'looking at the slow orders of INC-' || n, ${policyHash}, 'rule ' || n % 1000,
         jsonb_build_object('verdict', 'review', 'resourceTitle', resource, 'roleTitle', 'Read only', 'risk', 'high',
           'channel', '#${workspace.channel.name}', 'alerts', '#${workspace.channel.name}',
           'steps', '[{"count": 1, "from": ["group:leads"], "approvers": ["${lead.email}"]}]'::jsonb),
         jsonb_build_array(jsonb_build_object('grantId', ${grantId}, 'access', resource || ':read', 'provider', 'orders-postgres',
           'subject', 'past' || person, 'target', '{"role": "orders_read"}'::jsonb)),
         case when status in ('approved', 'denied') then jsonb_build_array(jsonb_build_object(
           'verdict', case status when 'approved' then 'approve' else 'deny' end, 'person', 1, 'email', '${lead.email}',
           'name', '${lead.name}', 'account', '${lead.id}', 'at', at, 'key', 'click ' || n)) else '[]' end,
         at, at + interval '1 day', at + interval '5 minutes',
         case when status = 'approved' and n % 33 > 0 then at + interval '5 minutes' end,
         case when status = 'approved' and n % 33 > 0 then at + interval '65 minutes' end
  from ${past}`;

const grantsSql = `
  insert into grants (
    id, request_id, status, provider, subject, target, asked_at, system, subject_id, target_id, state, duration_seconds, active_at,
    expires_at, ending_since, revoke_reason, revoked_at, revoke_attempts)
  select ${grantId}, ${requestId}, 'revoked', 'orders-postgres', 'past' || person, '{"role": "orders_read"}', at + interval '5 minutes',
         'postgres 7300000000000000000', person::text, 'orders_read', '{"existed": false}', 3600, at + interval '5 minutes',
         at + interval '65 minutes', at + interval '65 minutes', case when n % 33 = 0 then 'failed' else 'expired' end,
         at + interval '65 minutes', 0
  from ${past} where status = 'approved'`;

const eventsSql = `
  insert into audit_events (
    id, at, type, request_id, request_number, grant_id, actor_kind, actor_person, requester_person, resource, role, rule, policy_version, data)
  select ${idOf(2, `n::bigint * ${perRequest} + e`)}, at + e * interval '6 minutes',
         (array['request.created', 'approval.given', 'request.approved', 'grant.started', 'grant.active', 'grant.revoking',
                'grant.revoked'])[1 + e % 7],
         ${requestId}, n, case when e > 2 then ${grantId} end, case when e < 2 then 'person' else 'hallpass' end,
         case e when 0 then person when 1 then 1 end, person, resource, 'read', 'rule ' || n % 1000, ${policyHash},
         jsonb_build_object('reason', repeat('x', 120), 'durationSeconds', 3600)
  from ${past}, generate_series(0, ${perRequest - 1}) e
  order by n, e`;

const effectsSql = `
  insert into effects (id, request_id, grant_id, kind, queue, lane, payload, due_at, started_at, attempts, done_at)
  select ${idOf(3, `n::bigint * ${perRequest} + e`)}, ${requestId}, case when e > 6 then ${grantId} end, k.kind, k.queue,
         k.lane || case when e > 6 then ${grantId} else ${requestId} end,
         case when k.kind like 'tell%' then jsonb_build_object('event', jsonb_build_object('type', 'request.approved', 'at', at,
           'actor', jsonb_build_object('kind', 'hallpass'), 'data', repeat('x', 200))) else '{}' end,
         at + e * interval '6 minutes', at + e * interval '6 minutes', 1, at + e * interval '6 minutes' + interval '1 second'
  from ${past}, generate_series(0, ${perRequest - 1}) e
  cross join lateral (
    select (array['post_request', 'update_request', 'update_request', 'tell_thread', 'tell_thread', 'tell_requester', 'expire_request',
                  'grant', 'revoke', 'revoke'])[e + 1] as kind,
           (array['messages', 'messages', 'messages', 'messages', 'messages', 'messages', 'deadlines', 'grants', 'revocations',
                  'revocations'])[e + 1] as queue,
           (array['slack-thread-', 'slack-thread-', 'slack-thread-', 'slack-thread-', 'slack-thread-', 'slack-requester-', 'deadline-', 'grant-', 'grant-', 'grant-'])[e + 1] as lane
  ) k
  where at > now() - interval '${keptDays} days'
  order by n, e`;
