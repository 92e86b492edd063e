import type { Client } from "pg";

/** Fills the audit with so many events, in the mixture and of the size that requests leave behind: eight a request. */
export async function insertEvents(client: Client, count: number): Promise<void> {
  await client.query(
    `insert into audit_events (
       id, at, type, request_id, grant_id, actor_kind, actor_email, actor_slack_id, requester_email, resource, role, rule,
       policy_version, data)
     select gen_random_uuid(), timestamptz '2026-01-01' + n * interval '9 seconds', k.type,
            md5('r' || n / 8)::uuid, case when n % 8 > 3 then md5('g' || n / 8)::uuid end, k.actor,
            case when k.actor = 'person' then 'person' || n / 8 % 5000 || '@example.com' end,
            case when k.actor = 'person' then 'U' || lpad((n / 8 % 5000)::text, 10, '0') end,
            'person' || n / 8 % 5000 || '@example.com', 'resource-' || n / 8 % 200,
            (array['read', 'write', 'admin'])[1 + n / 8 % 3], 'leads approve writing', repeat('0123456789abcdef', 4), k.data
     from generate_series(0, $1::int - 1) n
     join (values
       (0, 'request.created', 'person', '{"durationSeconds":3600,"reason":"Fixing the invoices of March, INC-4711","ticket":"INC-4711","source":"command"}'::jsonb),
       (1, 'approval.given', 'person', '{"name":"Bob Lead","have":1,"needed":1}'),
       (2, 'request.approved', 'person', '{"approvers":["bob@example.com"]}'),
       (3, 'grant.started', 'hallpass', '{"provider":"orders-postgres","subject":"alice","target":{"role":"orders_read"}}'),
       (4, 'grant.active', 'hallpass', '{"provider":"orders-postgres","subject":"alice","activeAt":"2026-01-01T00:00:00.000Z","expiresAt":"2026-01-01T01:00:00.000Z"}'),
       (5, 'grant.revoking', 'hallpass', '{"provider":"orders-postgres","subject":"alice","reason":"expired"}'),
       (6, 'grant.revoked', 'hallpass', '{"provider":"orders-postgres","subject":"alice","reason":"expired","verified":true,"attempts":1}'),
       (7, 'decision.refused', 'person', '{"attempted":"approve","why":"not_approver"}')
     ) as k(place, type, actor, data) on k.place = n % 8
     order by n`,
    [count],
  );
}
