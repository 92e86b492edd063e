import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { Client } from "pg";
import type { TestDatabase } from "../support/database.ts";
import { createDatabase } from "../support/database.ts";

let database: TestDatabase;
let client: Client;

beforeAll(async () => {
  database = await createDatabase();
  client = new Client({ connectionString: database.url });
  await client.connect();
  await client.query("INSERT INTO policies (hash, text) VALUES ('abc', 'version: 1')");
  await client.query(
    `INSERT INTO audit_events (id, at, type, actor_kind, data)
     VALUES (gen_random_uuid(), now(), 'request.created', 'person', '{}')`,
  );
});

afterAll(async () => {
  await client.end();
  await database.close();
});

test.each([
  ["audit_events", "UPDATE audit_events SET type = 'nothing happened'"],
  ["audit_events", "DELETE FROM audit_events"],
  ["audit_events", "TRUNCATE audit_events"],
  ["policies", "UPDATE policies SET text = 'version: 2'"],
  ["policies", "DELETE FROM policies"],
  ["policies", "TRUNCATE policies CASCADE"],
])("the database refuses to change what is in %s: %s", async (table, statement) => {
  const before = await client.query(`SELECT * FROM ${table}`);
  const operation = statement.split(" ")[0];
  await expect(client.query(statement)).rejects.toMatchObject({
    code: "42501",
    message: expect.stringMatching(new RegExp(`^${table} is insert-only: ${operation} refused$`)),
  });
  const after = await client.query(`SELECT * FROM ${table}`);
  expect(after.rows).toEqual(before.rows);
  expect(after.rows).toHaveLength(1);
});

const insertRequest = `
  INSERT INTO access_requests (id, status, source, requester_email, requester_name, resource, role, duration_seconds,
    reason, policy_version, terms, planned, decisions, created_at)
  VALUES (gen_random_uuid(), 'approved', 'slack', 'alice@example.com', 'Alice', 'orders-db', 'read', 3600,
    'because', 'abc', '{}', '[]', $1, now())`;

const decisions = (email: string): string => JSON.stringify([{ email: "bob@example.com" }, { email }]);

test("nobody's decision on their own request can be recorded", async () => {
  await expect(client.query(insertRequest, [decisions("alice@example.com")])).rejects.toMatchObject({
    constraint: "access_requests_no_self_decision",
  });
  await client.query(insertRequest, [decisions("carol@example.com")]);
  await expect(
    client.query("UPDATE access_requests SET decisions = $1", [decisions("alice@example.com")]),
  ).rejects.toMatchObject({ constraint: "access_requests_no_self_decision" });
  const { rows } = await client.query("SELECT decisions FROM access_requests");
  expect(rows).toEqual([{ decisions: [{ email: "bob@example.com" }, { email: "carol@example.com" }] }]);
});
