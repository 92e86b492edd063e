import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { migrate } from "../../src/persistence/database/migrate.ts";
import { createEmptyDatabase, type TestDatabase } from "../support/database.ts";

const log = { info: (): void => undefined };
const migrations = join(import.meta.dirname, "../../prisma/migrations");
const identities = "20261129100000_identities";

let database: TestDatabase;
let client: Client;
let earlier: string;

beforeAll(async () => {
  earlier = await mkdtemp(join(tmpdir(), "hallpass-migrations-"));
  for (const name of await readdir(migrations))
    if (name < identities) await cp(join(migrations, name), join(earlier, name), { recursive: true });
  database = await createEmptyDatabase();
  client = new Client({ connectionString: database.url });
  await client.connect();
  await migrate(database.url, { log, directory: earlier });
});
afterAll(async () => {
  await client.end();
  await database.close();
  await rm(earlier, { recursive: true, force: true });
});

const person = async (handle: string): Promise<number> => {
  const { rows } = await client.query<{ id: number }>(
    "insert into people (handle, key) values ($1, decode(repeat('ab', 32), 'hex')) returning id",
    [handle],
  );
  return rows[0]?.id ?? 0;
};

async function filed(
  number: number,
  email: string,
  account: string | null,
  decisions: readonly object[] = [],
  status = "approved",
): Promise<void> {
  await client.query(
    `insert into access_requests (id, number, status, source, requester_email, requester_name, requester_slack_id, resource, role,
       duration_seconds, reason, policy_version, terms, planned, decisions, created_at)
     values (gen_random_uuid(), $1, $2, 'slack', $3, '', $4, 'orders-db', 'read', 60, 'x', 'p', '{}', '[]', $5, now())`,
    [number, status, email, account, JSON.stringify(decisions)],
  );
}

it("what was recorded under addresses and accounts becomes one person's by either, and nothing is lost", async () => {
  await client.query("insert into policies (hash, text) values ('p', 'version: 1')");
  const ann = await person("ann@example.com");
  const bob = await person("bob@example.com");
  const { rows: erased } = await client.query<{ id: number }>(
    "insert into people (erased_at) values (now()) returning id",
  );
  const gone = erased[0]?.id ?? 0;
  await filed(1, "ann@example.com", "UANN", [
    { verdict: "approve", email: "bob@example.com", slackId: "UBOB" },
  ]);
  // The same account after a change of address, and the same address with another account.
  await filed(2, "anna@example.com", "UANN");
  await filed(3, "ann@example.com", "UANN2", [], "pending");
  // Approved by who turns out to be the requester: it stands as it was decided, and can still end.
  await filed(4, "bea@example.com", "UBEA", [
    { verdict: "approve", email: "beate@example.com", slackId: "UBEA2" },
  ]);
  await filed(5, "beate@example.com", "UBEA");
  await filed(6, `erased person ${gone}`, null);
  await client.query(
    `insert into requesters values ('ann@example.com', 2), ('anna@example.com', 3), ('bob@example.com', 1)`,
  );
  await client.query(
    `insert into lockdowns (id, kind, value, reason, locked_by, locked_at) values
       (gen_random_uuid(), 'person', 'ann@example.com', 'x', 'd@example.com', now()),
       (gen_random_uuid(), 'person', 'anna@example.com', 'x', 'd@example.com', now()),
       (gen_random_uuid(), 'resource', 'orders-db', 'x', 'd@example.com', now())`,
  );

  await migrate(database.url, { log });

  const requests = await client.query<{ number: number; person: number; deciders: unknown }>(
    `select number, requester_person as person, jsonb_path_query_array(decisions, '$[*].person') as deciders
     from access_requests order by number`,
  );
  const [first, second, third, fourth, fifth, sixth] = requests.rows;
  expect([first?.person, second?.person, third?.person]).toEqual([ann, ann, ann]);
  expect(first?.deciders).toEqual([bob]);
  expect(fifth?.person).toBe(fourth?.person);
  expect(fourth?.deciders).toEqual([fourth?.person]);
  expect(sixth?.person).toBe(gone);
  const decidedBy = await client.query<{ by: unknown }>(
    `select jsonb_path_query_array(decisions, '$[*].account') as by from access_requests where decisions <> '[]' order by number`,
  );
  expect(decidedBy.rows).toEqual([{ by: ["UBOB"] }, { by: ["UBEA2"] }]);
  // What stands as it was decided holds up nothing.
  await client.query("update access_requests set version = version + 1");

  const names = await client.query<{ name: string }>(
    "select name from person_names where person_id = $1 and until is null order by name",
    [ann],
  );
  expect(names.rows.map(({ name }) => name)).toEqual([
    "UANN",
    "UANN2",
    "ann@example.com",
    "anna@example.com",
  ]);
  const counted = await client.query("select * from requesters where person_id = any ($1) order by 1", [
    [ann, bob],
  ]);
  expect(counted.rows).toEqual([
    { person_id: ann, approvals: 5 },
    { person_id: bob, approvals: 1 },
  ]);
  const locked = await client.query(
    "select kind, person_id from lockdowns where lifted_at is null order by kind",
  );
  expect(locked.rows).toEqual([
    { kind: "person", person_id: ann },
    { kind: "resource", person_id: null },
  ]);
  const without = await client.query(
    "select p.id from people p where p.erased_at is null and p.joined_into is null and not exists (select from person_names n where n.person_id = p.id)",
  );
  expect(without.rows).toEqual([]);
});
