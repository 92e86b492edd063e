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
  INSERT INTO access_requests (id, status, source, requester_email, requester_name, requester_person, resource, role,
    duration_seconds, reason, policy_version, terms, planned, decisions, created_at)
  VALUES (gen_random_uuid(), 'approved', 'slack', 'alice@example.com', 'Alice', 1, 'orders-db', 'read', 3600,
    'because', 'abc', '{}', '[]', $1, now())`;

const decisions = (...persons: readonly number[]): string =>
  JSON.stringify(persons.map((person) => ({ person })));

test("nobody's decision on their own request can be recorded, and who turns out to be its requester holds up nothing", async () => {
  const refused = { code: "23514", message: "nobody decides their own request" };
  for (const address of ["alice@example.com", "bob@example.com", "carol@example.com"])
    await client.query("select test_person($1)", [address]);
  await expect(client.query(insertRequest, [decisions(2, 1)])).rejects.toMatchObject(refused);
  await client.query(insertRequest, [decisions(2)]);
  await expect(
    client.query("UPDATE access_requests SET decisions = $1", [decisions(2, 1)]),
  ).rejects.toMatchObject(refused);
  await client.query("UPDATE access_requests SET decisions = $1", [decisions(2, 3)]);

  await client.query("UPDATE access_requests SET requester_person = 2");
  await client.query("UPDATE access_requests SET version = version + 1, status = 'cancelled'");
  const { rows } = await client.query("SELECT status, decisions FROM access_requests");
  expect(rows).toEqual([{ status: "cancelled", decisions: [{ person: 2 }, { person: 3 }] }]);
});
