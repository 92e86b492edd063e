/** Whoever runs SQL in Hallpass's database. */
type Query = (sql: string, values?: readonly unknown[]) => Promise<readonly object[]>;

export type ActiveGrants = {
  readonly count: number;
  readonly provider: string;
  /** Given in turn. */
  readonly roles: readonly string[];
  /** Each person's name in the provider is this and a number from 1 on. */
  readonly subjectPrefix: string;
  /** A policy that is on record. */
  readonly policyVersion: string;
  readonly channel: string;
  /** The first ends then, the others evenly spread over `spreadSeconds` from there on. */
  readonly endsInSeconds: number;
  readonly spreadSeconds?: number;
  /** Whom Slack knows the requesters as; nobody is told where it is absent. */
  readonly account?: string;
  /** What the provider has on record of each grant, in turn; absent: nothing, as of access that was granted before states were kept. */
  readonly states?: readonly object[];
};

/**
 * Records access that is active as Hallpass would have: asked for, approved and granted an hour ago, its revocation owed
 * at its expiry. What the provider holds is the caller's to arrange.
 */
export async function recordActiveGrants(query: Query, grants: ActiveGrants): Promise<void> {
  const terms = {
    verdict: "review",
    resourceTitle: "Orders database",
    roleTitle: "Read only",
    risk: "high",
    channel: grants.channel,
    alerts: grants.channel,
    steps: [{ count: 1, from: ["group:leads"], approvers: ["lead@example.com"] }],
  };
  await query(
    `with made as materialized (
       select n, coalesce((select person_id from person_names
                           where kind = 'email' and name = lower($4 || n || '@example.com') and until is null),
                          nextval(pg_get_serial_sequence('people', 'id'))::int) as person,
              jsonb_build_object('role', ($3::text[])[1 + (n - 1) % cardinality($3::text[])]) as target,
              gen_random_uuid() as request_id, gen_random_uuid() as grant_id,
              statement_timestamp() + ($6::float8 + $7::float8 * (n - 1) / $1::int) * interval '1 second' as ends_at
       from generate_series(1, $1::int) n),
     met as (
       insert into people (id, key)
       select person, sha256(gen_random_uuid()::text::bytea) from made where person not in (select id from people) returning id),
     named as (
       insert into person_names (person_id, kind, name, since)
       select person, 'email', lower($4 || n || '@example.com'), statement_timestamp() from made join met on met.id = person),
     asked as (
       insert into access_requests (
         id, status, source, requester_email, requester_name, requester_account, requester_person, resource, role, duration_seconds, reason,
         policy_version, terms, planned, created_at, closed_at, is_held, held_since)
       select request_id, 'approved', 'slack', $4 || n || '@example.com', $4 || n, $9, person, 'orders-db', 'read', 3600,
              'the orders of March', $5, $8::jsonb,
              jsonb_build_array(jsonb_build_object(
                'grantId', grant_id, 'provider', $2::text, 'subject', $4 || n, 'target', target)),
              ends_at - interval '1 hour', ends_at - interval '1 hour', true, ends_at - interval '1 hour'
       from made returning id),
     granted as (
       insert into grants (
         id, request_id, status, provider, subject, target, state, duration_seconds, asked_at, active_at, expires_at)
       select grant_id, request_id, 'active', $2, $4 || n, target, coalesce($10::jsonb -> (n - 1)::int, '{}'), 3600, ends_at - interval '1 hour', ends_at - interval '1 hour', ends_at
       from made join asked on asked.id = made.request_id)
     insert into effects (id, request_id, grant_id, kind, queue, lane, payload, due_at)
     select gen_random_uuid(), request_id, grant_id, 'revoke', 'revocations', 'grant-' || grant_id, '{}', ends_at
     from made order by n`,
    [
      grants.count,
      grants.provider,
      [...grants.roles],
      grants.subjectPrefix,
      grants.policyVersion,
      grants.endsInSeconds,
      grants.spreadSeconds ?? 0,
      JSON.stringify(terms),
      grants.account ?? null,
      JSON.stringify(grants.states ?? []),
    ],
  );
}
