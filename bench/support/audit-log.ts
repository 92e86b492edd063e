import type { Client } from "pg";
import { createKey, markOf, sealText, sealValue, textKeyOf } from "../../src/persistence/personal/cipher.ts";
import { personalKinds } from "../../src/persistence/people/meet-people.ts";
import { textToken } from "../../src/persistence/personal/token.ts";

const personCount = 2_000;
const textsPerPerson = 10;
const eventsPerRequest = 7;

/**
 * Fills an empty database with requests and their events: asked, approved, granted and revoked, every twentieth with an
 * error; by people in turn, each with a name, an address, an account and sealed reasons as Hallpass seals them.
 */
export async function fillAuditLog(client: Client, events: number): Promise<void> {
  await client.query("set synchronous_commit = off");
  await client.query(
    "insert into policies (hash, text) values (encode(sha256('version: 1'), 'hex'), 'version: 1')",
  );
  const people = Array.from({ length: personCount }, (_, index) => buildPerson(index + 1));
  await client.query(
    `insert into people (key) select decode(p ->> 'key', 'hex') from jsonb_array_elements($1) p`,
    [JSON.stringify(people)],
  );
  await client.query(
    `insert into person_names (person_id, kind, name, since)
     select number, kind, p ->> key, now()
     from jsonb_array_elements($1) with ordinality as p(p, number),
          (values ('account', 'slack_id'), ('email', 'email')) k(kind, key)`,
    [JSON.stringify(people)],
  );
  await client.query(
    `insert into personal_values (person_id, kind, mark, ciphertext)
     select p.number, v ->> 'kind', decode(v ->> 'mark', 'hex'), decode(v ->> 'ciphertext', 'hex')
     from jsonb_array_elements($1) with ordinality as p(person, number), jsonb_array_elements(p.person -> 'values') with ordinality as v(v, place)
     order by p.number, v.place`,
    [JSON.stringify(people)],
  );
  await client.query("create temp table texts (id int primary key, token text)");
  await client.query(
    `insert into texts select (p.number - 1) * ${textsPerPerson} + t.place, t.token
     from jsonb_array_elements($1) with ordinality as p(person, number),
          jsonb_array_elements_text(p.person -> 'texts') with ordinality as t(token, place)`,
    [JSON.stringify(people)],
  );
  const requests = Math.ceil(events / eventsPerRequest);
  await client.query(
    `insert into access_requests (id, status, source, requester_email, requester_name, requester_person, resource, role, duration_seconds,
       reason, policy_version, terms, planned, created_at, number)
     select ${requestId("n")}, 'approved', 'slack', '', '', n % ${personCount} + 1, 'orders-db', 'read', 3600, '', ${policyHash}, '{}', '[]', now(), n + 1
     from generate_series(0, $1::int - 1) n`,
    [requests],
  );
  await client.query(
    `insert into audit_events (id, at, type, request_id, request_number, grant_id, actor_kind, actor_email, actor_slack_id, actor_person,
       requester_email, requester_person, resource, role, rule, policy_version, data)
     select gen_random_uuid(), '2026-01-01'::timestamptz + e * interval '37.123 seconds', k.type, ${requestId("n")}, n + 1,
       case when k.type like 'grant%' or k.type like 'revocation%' then ${requestId("n + 500000000")} end,
       case when k.actor is null then 'hallpass' else 'person' end, ${value("k.actor", 0)}, ${value("k.actor", 1)}, k.actor,
       ${value("k.requester", 0)}, k.requester, 'orders-db-' || n % 40, 'read', 'reading takes one lead', ${policyHash},
       case k.type
         when 'request.created' then jsonb_build_object('reason', t.token, 'source', 'slack', 'durationSeconds', 3600)
         when 'approval.given' then jsonb_build_object('name', ${value("k.actor", 2)}, 'have', 1, 'needed', 1)
         when 'request.approved' then jsonb_build_object('approvers', jsonb_build_array(${value("k.actor", 0)}))
         when 'grant.started' then k.grant || '{"target": {"role": "orders_read"}}'
         when 'grant.active' then k.grant || '{"activeAt": "2026-01-01T00:00:00.000Z", "expiresAt": "2026-01-01T01:00:00.000Z"}'
         when 'grant.revoking' then k.grant || '{"reason": "expired"}'
         when 'revocation.failed' then k.grant || jsonb_build_object('error', t.token, 'attempt', 1, 'retryable', true)
         else k.grant || '{"reason": "expired", "attempts": 1, "verified": true}'
       end
     from (select e, e / ${eventsPerRequest} as n from generate_series(0, $1::int - 1) e) s
     cross join lateral (select case when n % 20 = 0 and e % 7 = 6 then 'revocation.failed' else (array['request.created', 'approval.given',
         'request.approved', 'grant.started', 'grant.active', 'grant.revoking', 'grant.revoked'])[e % 7 + 1] end as type,
       n % ${personCount} + 1 as requester,
       case when e % 7 = 0 then n % ${personCount} + 1 when e % 7 < 3 then (n * 31 + 7) % ${personCount} + 1 end as actor,
       jsonb_build_object('provider', 'orders-postgres', 'subject', ${value(`(n % ${personCount} + 1)`, 3)}) as grant) k
     join texts t on t.id = (k.requester - 1) * ${textsPerPerson} + n % ${textsPerPerson} + 1
     order by e`,
    [events],
  );
  await client.query("vacuum (analyze) audit_events, access_requests, people, person_names, personal_values");
}

const policyHash = "encode(sha256('version: 1'), 'hex')";

function requestId(number: string): string {
  return `lpad(to_hex(${number}), 32, '0')::uuid`;
}

/** A token of the value at this place, of the person with this number. */
function value(person: string, place: number): string {
  return `(select chr(64976) || 'i' || v.id || '.' || v.person_id || '.' ||
    translate(rtrim(encode(v.mark, 'base64'), '='), '+/', '-_') || chr(64977)
    from personal_values v where v.id = ((${person}) - 1) * 4 + ${place + 1})`;
}

function buildPerson(number: number): unknown {
  const key = createKey();
  const called = {
    email: `engineer.${number}@example.com`,
    slack_id: `U0ENG${String(number).padStart(6, "0")}`,
    name: `Engineer Number ${number}`,
    subject: `engineer${number}`,
  };
  const values = personalKinds.map((kind) => {
    const mark = markOf(key, kind, called[kind]);
    return {
      kind,
      mark: mark.toString("hex"),
      ciphertext: sealValue(key, mark, called[kind]).toString("hex"),
    };
  });
  const textKey = textKeyOf([key]);
  const texts = Array.from({ length: textsPerPerson }, (_, index) =>
    textToken(
      [number],
      sealText(textKey, `Looking into INC-${4000 + index}: orders of the morning show up twice; "again".`),
    ),
  );
  return { email: called.email, slack_id: called.slack_id, key: key.toString("hex"), values, texts };
}
