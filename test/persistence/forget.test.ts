import { Client } from "pg";
import { z } from "zod";
import { decideRequest } from "../../src/access/requests/decide-request.ts";
import { endOpenRequest } from "../../src/access/lockdown/offboard.ts";
import { requestAccess } from "../../src/access/requests/request-access.ts";
import type { Caller } from "../../src/identity/caller.ts";
import { createTraceEraser } from "../../src/persistence/personal/erase-traces.ts";
import { forgetPerson } from "../../src/persistence/personal/forget.ts";
import { joinByHand } from "../../src/persistence/people/people-by-hand.ts";
import { readPersonalDirectory } from "../../src/persistence/personal/directory.ts";
import { type Office, openOffice } from "../support/access.ts";
import { ordinaryPolicy } from "../support/hallpass.ts";

const alice: Caller = { email: "alice@example.com", name: "Alice Liddell", account: "UALICE9" };
const bob: Caller = { email: "bob@example.com", name: "Bob Builder", account: "UBOB9" };
const carol: Caller = { email: "carol@example.com", name: "Carol Danvers", account: "UCAROL9" };

let office: Office;
let client: Client;

beforeAll(async () => {
  office = await openOffice({
    policy: (names) => ordinaryPolicy({ ...names, subject: (name) => `${name}_role` }),
  });
  client = new Client({ connectionString: office.url });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await office.close();
});

async function asks(requester: Caller, reason: string, role = "read"): Promise<string> {
  const filed = await requestAccess(office, {
    requester,
    resource: "orders-db",
    role,
    durationSeconds: 3600,
    reason,
    source: "slack",
    dedupeKey: `form ${reason.length}`,
  });
  if (filed.outcome !== "filed") throw new Error(JSON.stringify(filed));
  return filed.request.id;
}

const decide = (requestId: string, by: Caller, reason?: string): ReturnType<typeof decideRequest> =>
  decideRequest(office, {
    requestId,
    by,
    verdict: reason === undefined ? { type: "approve" } : { type: "deny", reason },
    key: `click ${requestId} ${by.email}`,
  });

/** Every column of every table as text, a line a row, by table. The policies name people as whoever keeps them wrote it. */
async function dump(): Promise<ReadonlyMap<string, string>> {
  const tables = await client.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables
     where schemaname not in ('pg_catalog', 'information_schema') and tablename <> 'policies' order by 1`,
  );
  const dumped = new Map<string, string>();
  for (const { name } of tables.rows) {
    const { rows } = await client.query<{ row: string }>(`select t::text as row from ${name} t order by 1`);
    dumped.set(name, rows.map(({ row }) => row).join("\n"));
  }
  return dumped;
}

/** Which tables hold any of these, in any case. */
function holding(dumped: ReadonlyMap<string, string>, words: readonly string[]): readonly string[] {
  return [...dumped].flatMap(([table, text]) =>
    words
      .filter((word) => text.toLowerCase().includes(word.toLowerCase()))
      .map((word) => `${table}: ${word}`),
  );
}

async function audit(): Promise<readonly Record<string, unknown>[]> {
  const directory = await readPersonalDirectory(client);
  const { rows } = await client.query<Record<string, unknown>>("select * from audit_events order by seq");
  return z.array(z.record(z.string(), z.unknown())).parse(directory.openAll(rows));
}

const ofAlice = ["alice@example.com", "Alice Liddell", "UALICE9", "alice_role", "white rabbit", "tea party"];
const ofBob = ["bob@example.com", "Bob Builder", "UBOB9", "bob_role", "fixing roofs"];

test("a person who has access, or waits for it, is not erased", async () => {
  const requestId = await asks(alice, "chasing the white rabbit for bob@example.com");
  expect(await forgetPerson(office.ownerUrl, "alice@example.com")).toEqual({
    forgotten: false,
    refusal: { kind: "waits", requests: ["AR-1001"] },
  });
  await decide(requestId, bob);
  await office.drain();
  expect(await forgetPerson(office.ownerUrl, "ALICE@example.com")).toEqual({
    forgotten: false,
    refusal: { kind: "has_access", requests: ["AR-1001"] },
  });
  expect(await forgetPerson(office.ownerUrl, "nobody@example.com")).toEqual({
    forgotten: false,
    refusal: { kind: "unknown" },
  });
  await endOpenRequest(office, requestId, "offboarded");
  await office.drain();
  expect(holding(await dump(), ofAlice).length).toBeGreaterThan(5);
});

test("once erased, no table holds anything of them, and what is of others is as it was", async () => {
  await decide(await asks(alice, "the tea party"), carol, "Alice Liddell has the white rabbit already");
  await decide(await asks(bob, "fixing roofs, as alice@example.com asked"), carol);
  await office.drain();
  // What somebody typed for a provider, and what it handed over, may name anybody.
  await client.query(
    `update access_requests set planned = jsonb_set(planned, '{0,input}',
       '[{"name": "key", "title": "Key", "value": "ssh-rsa alice@example.com"}]') where planned <> '[]'`,
  );
  const handover = JSON.stringify({
    title: "key of alice@example.com",
    sealed: "x",
    since: "2030-01-01T00:00:00Z",
  });
  const { rowCount } = await client.query("update grants set handover = $1 where status = 'active'", [
    handover,
  ]);
  expect(rowCount).toBe(1);
  const before = await dump();
  const read = await audit();
  const stored = await client.query("select * from audit_events order by seq");

  const result = await forgetPerson(office.ownerUrl, "alice@example.com");
  expect(result).toMatchObject({ forgotten: true, plainEvents: 0 });
  const name = result.forgotten ? `erased person ${result.person}` : "";

  const after = await dump();
  expect(holding(after, ofAlice)).toEqual([]);
  expect(holding(after, ofBob)).toEqual(holding(before, ofBob));
  // What is stored of the audit, which is what a chain is made over, stays to the last byte; so does what was sealed.
  const now = await client.query("select * from audit_events order by seq");
  expect(now.rows.slice(0, -1)).toEqual(stored.rows);
  expect(after.get("public.personal_values")).toBe(before.get("public.personal_values"));
  expect(now.rows.at(-1)).toMatchObject({
    type: "person.erased",
    data: { person: result.forgotten ? result.person : 0 },
  });

  const told = JSON.stringify(await audit());
  for (const word of ofAlice) expect(told).not.toContain(word);
  expect(told).toContain(`fixing roofs, as ${name} asked`);
  const others = read.filter((event) => !JSON.stringify(event).match(/alice|white rabbit|tea party/i));
  expect(others.length).toBeGreaterThan(3);
  expect(await audit()).toEqual(expect.arrayContaining([...others]));
  const { rows } = await client.query(
    "select requester_email, requester_name, requester_account, reason from access_requests order by number",
  );
  expect(rows[0]).toEqual({
    requester_email: name,
    requester_name: name,
    requester_account: null,
    reason: name,
  });
  const kept = await client.query<{ planned: string; handover: string | null }>(
    `select planned::text, handover ->> 'title' as handover from access_requests r join grants g on g.request_id = r.id
     where requester_email = $1`,
    [bob.email],
  );
  expect(kept.rows).toEqual([
    { planned: expect.stringContaining(`ssh-rsa ${name}`), handover: `key of ${name}` },
  ]);
  expect(rows[2]).toMatchObject({ requester_email: bob.email, reason: `fixing roofs, as ${name} asked` });
});

test("the key is gone for good, and whoever comes back is somebody else", async () => {
  const { rows } = await client.query<{ id: number; key: unknown }>(
    "select id, key from people where erased_at is not null",
  );
  expect(rows).toEqual([{ id: rows[0]?.id, key: null }]);
  await asks(alice, "back again");
  const [last] = (await audit()).slice(-1);
  expect(last).toMatchObject({ requester_email: alice.email, data: { reason: "back again" } });
  expect(last?.["requester_person"]).not.toBe(rows[0]?.id);
});

test("what becomes of an erased person's request later names nobody", async () => {
  const [first] = (
    await client.query<{ id: string }>("select id from access_requests order by number limit 1")
  ).rows;
  await client.query(
    "update grants set status = 'active', active_at = now(), expires_at = now() where request_id = $1",
    [first?.id],
  );
  office.recent.delete(first?.id ?? "");
  await endOpenRequest(office, first?.id ?? "", "offboarded");
  const [last] = (await audit()).slice(-1);
  expect(last).toMatchObject({ type: "grant.revoking", data: { subject: last?.["requester_email"] } });
  expect(last?.["requester_email"]).toMatch(/^erased person \d+$/);
});

test("somebody locked down is not erased: they would be free again", async () => {
  await client.query(
    `insert into lockdowns (id, kind, value, person_id, reason, locked_by, locked_at)
     values (gen_random_uuid(), 'person', 'carol@example.com', test_person('carol@example.com'), 'x', 'bob@example.com', now())`,
  );
  expect(await forgetPerson(office.ownerUrl, "carol@example.com")).toEqual({
    forgotten: false,
    refusal: { kind: "locked_down" },
  });
});

test("whoever is joined with somebody only by a column is not erased with them", async () => {
  const [one, two] = [
    await office.people.resolve({ email: "erin@example.com", name: "Erin", account: "UERIN9" }),
    await office.people.resolve({ email: "finn@example.com", name: "Finn", account: "UFINN9" }),
  ];
  await office.db.$executeRaw`update people set joined_into = ${one.id} where id = ${two.id}`;
  expect(await forgetPerson(office.ownerUrl, "erin@example.com")).toEqual({
    forgotten: false,
    refusal: { kind: "joined_unrecorded", people: [two.id] },
  });
  await office.db.$executeRaw`update people set joined_into = null where id = ${two.id}`;
  await joinByHand(office.db, office.clock, one.id, two.id);
  expect(await forgetPerson(office.ownerUrl, "erin@example.com")).toMatchObject({ forgotten: true });
  const { rows } = await client.query("select id from people where key is null and id = any ($1)", [
    [one.id, two.id],
  ]);
  expect(rows).toHaveLength(2);
});

it("what was carried out before accounts had that name is known by the old one", () => {
  const eraser = createTraceEraser({ emails: [], accounts: ["UBOB9"], name: "erased person 1" });
  const actor = { kind: "person", email: "desk@example.com", slackId: "UBOB9" };
  const payload = { event: { type: "request.denied", actor, data: { reason: "the white rabbit" } } };
  expect(eraser.payload(payload, false)).toEqual({
    event: {
      type: "request.denied",
      actor: { kind: "person", email: "erased person 1" },
      data: { reason: "erased person 1" },
    },
  });
});
