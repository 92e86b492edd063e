import { once } from "node:events";
import { text } from "node:stream/consumers";
import { Client } from "pg";
import { z } from "zod";
import type { AuditEvent } from "../../src/domain/audit-event.ts";
import { recordEvent } from "../../src/persistence/audit.ts";
import { openDatabase } from "../../src/persistence/database/database.ts";
import { exportAudit } from "../../src/audit/export/export.ts";
import { auditFields } from "../../src/audit/export/query.ts";
import type { ExportFilters } from "../../src/audit/export/filters.ts";
import { createDatabase } from "../support/database.ts";
import type { TestDatabase } from "../support/database.ts";

let database: TestDatabase;
let client: Client;

beforeEach(async () => {
  database = await createDatabase();
  client = new Client({ connectionString: database.url });
  await client.connect();
});
afterEach(async () => {
  await client.end();
  await database.close();
});

const requestId = "0195d0a0-0000-7000-8000-000000000001";

/** Columns of `audit_events` by name; what is left out is NULL. */
async function insert(event: Readonly<Record<string, unknown>>): Promise<void> {
  const request_number = "request_id" in event ? 1042 : null;
  const row = {
    at: "2026-03-03T10:00:00.120Z",
    type: "t",
    request_number,
    actor_kind: "hallpass",
    data: {},
    ...event,
  };
  await client.query(
    `insert into audit_events (id, at, type, request_id, request_number, grant_id, actor_kind, actor_email,
       actor_slack_id, requester_email, resource, role, rule, policy_version, data)
     select gen_random_uuid(), at, type, request_id, request_number, grant_id, actor_kind, actor_email, actor_slack_id,
       requester_email, resource, role, rule, policy_version, data
     from json_populate_record(null::audit_events, $1)`,
    [JSON.stringify(row)],
  );
}

async function insertRequest(): Promise<void> {
  await client.query("insert into policies (hash, text) values ('p', 'version: 1')");
  await client.query(
    `insert into access_requests (id, number, status, source, requester_email, requester_name, requester_person, resource, role,
       duration_seconds, reason, policy_version, terms, planned, created_at)
     values ($1, 1042, 'approved', 'slack', 'alice@example.com', 'Alice', test_person('alice@example.com'), 'orders-db', 'read', 60, 'x', 'p', '{}', '[]', now())`,
    [requestId],
  );
}

function exported(filters: Partial<ExportFilters>): Promise<string> {
  return text(exportAudit({ databaseUrl: database.workUrl }, { format: "jsonl", ...filters }).stream);
}

const Lines = z.array(z.record(z.string(), z.unknown()));

async function types(filters: Partial<ExportFilters>): Promise<readonly unknown[]> {
  return Lines.parse(JSON.parse(await exported({ ...filters, format: "json" }))).map((line) => line["type"]);
}

/** RFC 4180, independently of the library that wrote it. */
function readCsv(csv: string): readonly (readonly string[])[] {
  const rows: string[][] = [[]];
  for (const [, quoted, bare, end] of csv.matchAll(/(?:"((?:[^"]|"")*)"|([^",\n\r]*))(,|\n)/g)) {
    rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? bare ?? "");
    if (end === "\n") rows.push([]);
  }
  return rows.slice(0, -1);
}

test("an event stands in every format with all its fields", async () => {
  await insertRequest();
  const event = {
    type: "request.approved",
    request_id: requestId,
    grant_id: "0195d0a0-0000-7000-8000-000000000002",
    actor_kind: "person",
    actor_email: "bob@example.com",
    actor_slack_id: "U1",
    requester_email: "alice@example.com",
    resource: "orders-db",
    role: "read",
    rule: "reading takes a lead",
    policy_version: "p",
    data: { approvers: ["bob@example.com"] },
  };
  await insert(event);
  const expected = {
    seq: 1,
    at: "2026-03-03T10:00:00.120Z",
    type: "request.approved",
    request: "AR-1042",
    request_id: requestId,
    grant_id: event.grant_id,
    actor: "bob@example.com",
    actor_slack_id: "U1",
    requester: "alice@example.com",
    resource: "orders-db",
    role: "read",
    rule: event.rule,
    policy_version: "p",
    data: event.data,
  };
  expect(Object.keys(expected)).toEqual(auditFields.map(({ name }) => name));
  expect(await exported({ format: "jsonl" })).toBe(
    `${JSON.stringify(expected).replace('"approvers":', '"approvers": ')}\n`,
  );
  expect(JSON.parse(await exported({ format: "json" }))).toEqual([expected]);
  expect(readCsv(await exported({ format: "csv" }))).toEqual([
    Object.keys(expected),
    Object.values({ ...expected, data: '{"approvers": ["bob@example.com"]}' }).map(String),
  ]);
});

test("what an event has not is null in JSON and empty in CSV; who acted is the policy or Hallpass", async () => {
  await insert({ actor_kind: "policy" });
  await insert({ actor_kind: "hallpass" });
  const lines = Lines.parse(JSON.parse(await exported({ format: "json" })));
  expect(lines.map((line) => line["actor"])).toEqual(["policy", "hallpass"]);
  expect(lines[0]).toMatchObject({ request: null, grant_id: null, requester: null, rule: null });
  expect(readCsv(await exported({ format: "csv" }))[1]?.slice(3, 7)).toEqual(["", "", "", "policy"]);
});

test("nothing found is a header, an empty list, or nothing", async () => {
  expect(await exported({ format: "csv" })).toBe(`${auditFields.map(({ name }) => name).join(",")}\n`);
  expect(JSON.parse(await exported({ format: "json" }))).toEqual([]);
  expect(await exported({ format: "jsonl" })).toBe("");
});

test("events come in the order of the log, and filters choose among them", async () => {
  await insert({
    type: "a",
    at: "2026-03-03T00:00:00Z",
    requester_email: "Alice@example.com",
    resource: "orders-db",
  });
  await insert({
    type: "b",
    at: "2026-03-02T00:00:00Z",
    actor_kind: "person",
    actor_email: "alice@example.com",
  });
  await insert({
    type: "c",
    at: "2026-03-04T00:00:00Z",
    requester_email: "bob@example.com",
    resource: "orders-db",
  });
  await insert({ type: "d", at: "2026-03-05T00:00:00Z", resource: "orders" });
  expect(await types({})).toEqual(["a", "b", "c", "d"]);
  expect(await types({ since: new Date("2026-03-03") })).toEqual(["a", "c", "d"]);
  expect(await types({ until: new Date("2026-03-03") })).toEqual(["b"]);
  expect(await types({ user: "alice@EXAMPLE.com" })).toEqual(["a", "b"]);
  expect(await types({ resource: "orders-db" })).toEqual(["a", "c"]);
  expect(
    await types({ resource: "orders-db", user: "bob@example.com", since: new Date("2026-03-04") }),
  ).toEqual(["c"]);
  expect(await types({ user: "' or true --" })).toEqual([]);
});

const hostile = [
  "=cmd()",
  "+1",
  "-2",
  "@x",
  "\tx",
  "\r=1",
  "＝1",
  '"=1"',
  "a,b",
  "a\nb\r\n=c",
  ";=cmd()",
  "; \t@x",
  "\\;=cmd()",
  "🦊 é \u202Egpj.exe\u200F",
  "\u2028\u0085\u001b[31m",
  "'=1",
];

test("hostile text comes back whole from JSON, one object a line", async () => {
  for (const reason of hostile) await insert({ rule: reason, data: { reason, list: [reason] } });
  const lines = (await exported({ format: "jsonl" })).split(/\r\n|[\n\r\u0085\u2028\u2029]/);
  expect(lines.pop()).toBe("");
  const read = Lines.parse(lines.map((line) => JSON.parse(line) as unknown));
  expect(read.map((line) => line["rule"])).toEqual(hostile);
  expect(read.map((line) => line["data"])).toEqual(hostile.map((reason) => ({ reason, list: [reason] })));
});

test("no CSV cell begins a formula, and data come back whole", async () => {
  for (const reason of hostile) await insert({ rule: reason, data: { reason } });
  const [header, ...rows] = readCsv(await exported({ format: "csv" }));
  const column = (name: string): readonly string[] =>
    rows.map((row) => row[header?.indexOf(name) ?? -1] ?? "");
  expect(rows.flat().filter((cell) => /^[=+\-@\t\r＝＋－＠]/.test(cell))).toEqual([]);
  expect(column("rule")).toEqual(hostile.map((cell) => (/^[=+\-@\t\r＝]/.test(cell) ? `'${cell}` : cell)));
  expect(column("data").map((cell) => JSON.parse(cell) as unknown)).toEqual(
    hostile.map((reason) => ({ reason })),
  );
  // Read with semicolons, as spreadsheets in much of Europe do, no cell of data begins one either.
  expect(column("data").filter((cell) => /;\s*[=+\-@＝]/.test(cell))).toEqual([]);
});

const names = ["=cmd()", '"quoted", name', "two\nlines", ";=cmd()", "\u2028é🦊", "+1", "a,b"];

test("what is sealed is opened where it stands, and is as inert there as all else", async () => {
  const opened = openDatabase(database.workUrl);
  try {
    for (const name of names) {
      await recordEvent(opened.prisma, {
        type: "request.denied",
        at: new Date("2026-03-03T10:00:00Z"),
        actor: { kind: "person", email: "+bob@example.com", account: name },
        data: { name, reason: `${name} bob@example.com \uFDD0i1\uFDD1` },
      });
    }
  } finally {
    await opened.close();
  }
  const reasons = names.map((name) => `${name} bob@example.com \uFDD0i1\uFDD1`);
  const lines = Lines.parse(JSON.parse(await exported({ format: "json" })));
  expect(lines.map((line) => line["actor_slack_id"])).toEqual(names);
  expect(lines.map((line) => line["data"])).toEqual(
    names.map((name, index) => ({ name, reason: reasons[index] })),
  );
  expect((await exported({ format: "jsonl" })).trimEnd().split(/[\n\u2028]/)).toHaveLength(names.length);
  const [header = [], ...rows] = readCsv(await exported({ format: "csv" }));
  const cells = (column: string): readonly string[] => rows.map((row) => row[header.indexOf(column)] ?? "");
  expect(cells("actor")).toEqual(names.map(() => "'+bob@example.com"));
  expect(cells("actor_slack_id")).toEqual(names.map((name) => (/^[=+]/.test(name) ? `'${name}` : name)));
  expect(cells("data").map((cell) => JSON.parse(cell) as unknown)).toEqual(
    names.map((name, index) => ({ name, reason: reasons[index] })),
  );
  expect(cells("data").filter((cell) => /;\s*[=+\-@]/.test(cell))).toEqual([]);
});

test("events of a person, of a rule and of a kind; of who is erased by their number", async () => {
  const opened = openDatabase(database.workUrl);
  try {
    const by = (email: string): AuditEvent => ({
      type: "lockdown.lifted",
      at: new Date("2026-03-03T10:00:00Z"),
      actor: { kind: "person", email },
      data: { kind: "person", value: "carol@example.com" },
    });
    await recordEvent(opened.prisma, by("alice@example.com"));
    await recordEvent(opened.prisma, by("bob@example.com"));
  } finally {
    await opened.close();
  }
  await insert({ type: "request.created", rule: "r1" });
  await insert({ type: "grant.active", rule: "r2" });
  expect(await types({ user: "alice@example.com" })).toEqual(["lockdown.lifted"]);
  expect(await types({ rule: "r1" })).toEqual(["request.created"]);
  expect(await types({ type: "lockdown" })).toEqual(["lockdown.lifted", "lockdown.lifted"]);
  expect(await types({ type: "grant.active" })).toEqual(["grant.active"]);
  const { rows } = await client.query<{ id: number }>(
    `update people set key = null, erased_at = now()
     where id = (select person_id from person_names where name = 'alice@example.com' and until is null) returning id`,
  );
  const name = `erased person ${rows[0]?.id}`;
  expect(await types({ user: "alice@example.com" })).toEqual([]);
  const lines = Lines.parse(JSON.parse(await exported({ format: "json", user: `person-${rows[0]?.id}` })));
  expect(lines.map((line) => line["actor"])).toEqual([name]);
});

async function connections(condition = "true"): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    `select count(*)::int as count from pg_stat_activity
      where datname = current_database() and application_name = 'hallpass audit export' and ${condition}`,
  );
  return rows[0]?.count ?? 0;
}

async function untilNoConnection(): Promise<void> {
  // Ends by itself, or with the test's time.
  while ((await connections()) > 0);
}

/** More than one batch, and more than the streams' buffers hold. */
async function insertMany(): Promise<void> {
  await client.query(
    `insert into audit_events (id, at, type, actor_kind, data)
     select gen_random_uuid(), now(), 'x', 'hallpass', jsonb_build_object('reason', repeat('r', 500))
     from generate_series(1, 3000)`,
  );
}

test("rows are counted, and at the end the connection is closed", async () => {
  await insertMany();
  const { stream, rows } = exportAudit({ databaseUrl: database.workUrl }, { format: "csv" });
  expect((await text(stream)).split("\n")).toHaveLength(3_002);
  expect(rows()).toBe(3_000);
  await untilNoConnection();
});

test("a stream that is destroyed in the middle closes its connection", async () => {
  await insertMany();
  const { stream, rows } = exportAudit({ databaseUrl: database.workUrl }, { format: "jsonl" });
  await once(stream, "readable");
  expect(await connections()).toBe(1);
  stream.destroy();
  await untilNoConnection();
  expect(rows()).toBeLessThan(3_000);
});

test("a stream that is destroyed while the database keeps it waiting closes its connection", async () => {
  const other = new Client({ connectionString: database.url });
  await other.connect();
  await other.query("begin");
  await other.query("lock table audit_events in access exclusive mode");
  const { stream, rows } = exportAudit({ databaseUrl: database.workUrl }, { format: "jsonl" });
  while ((await connections("wait_event_type = 'Lock'")) === 0);
  stream.destroy();
  await once(stream, "close");
  expect(rows()).toBe(0);
  // The server only learns of it once it has something to send.
  await other.end();
  await untilNoConnection();
});

test("a connection that is lost in the middle is an error, not an end", async () => {
  await insertMany();
  const { stream } = exportAudit({ databaseUrl: database.workUrl }, { format: "csv" });
  await once(stream, "readable");
  await client.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'hallpass audit export'",
  );
  await expect(text(stream)).rejects.toThrow(/terminat|ECONNRESET|EPIPE/);
});

test("a database that can't be asked is an error of the stream", async () => {
  const { stream } = exportAudit({ databaseUrl: "postgres://u:p@127.0.0.1:1/x" }, { format: "csv" });
  await expect(text(stream)).rejects.toThrow("ECONNREFUSED");
});
