import { Client } from "pg";
import { createMovableClock } from "../../src/persistence/database/clock.ts";
import { type Database, openDatabase } from "../../src/persistence/database/database.ts";
import { createPeople } from "../../src/persistence/people/identities.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { hallpass } from "./run-hallpass.ts";

let own: TestDatabase;
let database: Database;
let client: Client;

beforeAll(async () => {
  own = await createDatabase();
  database = openDatabase(own.url);
  client = new Client({ connectionString: own.url });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await database.close();
  await own.close();
});

const people = (...args: readonly string[]): ReturnType<typeof hallpass> =>
  hallpass(["people", ...args], { env: { DATABASE_URL: own.url } });

async function meet(account: string, email: string): Promise<number> {
  const known = createPeople({
    db: database.prisma,
    clock: createMovableClock(),
    lookUp: () => Promise.resolve({ is: "unknown", why: "nobody is asked" }),
    onChange: () => undefined,
  });
  return (await known.resolve({ account, email, name: "" })).id;
}

async function files(account: string, email: string, person: number): Promise<void> {
  await client.query("insert into policies (hash, text) values ('p', 'version: 1') on conflict do nothing");
  await client.query(
    `insert into access_requests (id, status, source, requester_email, requester_name, requester_account, requester_person,
       resource, role, duration_seconds, reason, policy_version, terms, planned, created_at)
     values (gen_random_uuid(), 'pending', 'slack', $1, '', $2, $3, 'orders-db', 'read', 60, 'x', 'p', '{}', '[]', now())`,
    [email, account, person],
  );
}

test("who somebody is is shown, joined and split again, and each is on record", async () => {
  const [ann, beth] = [await meet("U0ANN", "ann@example.com"), await meet("U0BETH", "beth@example.com")];
  await files("U0ANN", "ann@example.com", ann);
  await files("U0BETH", "beth@example.com", beth);
  const shown = await people("show", "Ann@example.com");
  expect(shown.stdout).toMatch(
    new RegExp(`^Person ${ann}\n {2}ann@example.com, since .*\n {2}Slack account U0ANN, since .*\n$`),
  );

  const joined = await people("join", "U0ANN", "beth@example.com");
  expect(joined).toMatchObject({ code: 0, stderr: "" });
  expect(joined.stdout).toContain(`turned out to be person ${beth} too`);
  const filedBy = async (): Promise<readonly number[]> =>
    (
      await client.query<{ p: number }>("select requester_person as p from access_requests order by number")
    ).rows.map(({ p }) => p);
  expect(await filedBy()).toEqual([ann, ann]);

  const split = await people("split", String(ann), "U0BETH", "beth@example.com");
  expect(split).toMatchObject({ code: 0, stderr: "" });
  expect(split.stdout).toContain(`Person ${beth}\n`);
  expect(await filedBy()).toEqual([ann, beth]);
  expect((await people("show", "beth@example.com", "--json")).stdout).toContain(`"id": ${beth}`);

  const { rows } = await client.query("select type, data ->> 'via' as via from audit_events order by seq");
  expect(rows).toEqual([
    { type: "person.joined", via: "cli" },
    { type: "person.split", via: "cli" },
  ]);
});

test.each<[readonly string[], string | RegExp]>([
  [
    ["show", "nobody@example.com"],
    "Nobody here is known as “nobody@example.com”; people are known once they have used Hallpass.",
  ],
  [["show", "99999"], "Nobody here is known as “99999”"],
  [["show", "gus"], "Expected an e-mail address, a Slack id or a person's number, got “gus”."],
  [
    ["join", "carl@example.com", "U0CARL"],
    /^.*Both are the same person already \(person \d+\): nothing was changed\.\n$/,
  ],
  [["split", "U0CARL", "ann@example.com"], "does not go by all of “ann@example.com”"],
  [["split", "U0CARL", "U0CARL", "carl@example.com"], "leave them at least one"],
])("a slip changes nothing and says what was expected: people %s", async (args, words) => {
  await meet("U0CARL", "carl@example.com");
  const before = await client.query("select * from person_names order by id");
  const { code, stderr } = await people(...args);
  expect(code).toBe(1);
  expect(stderr).toMatch(words);
  expect((await client.query("select * from person_names order by id")).rows).toEqual(before.rows);
});

test("a join names the requests in which one of the two decided about the other", async () => {
  const [dave, erin] = [await meet("U0DAVE", "dave@example.com"), await meet("U0ERIN", "erin@example.com")];
  await files("U0DAVE", "dave@example.com", dave);
  const { rows } = await client.query<{ number: number }>(
    `update access_requests set decisions = jsonb_build_array(jsonb_build_object('person', $2::int, 'email', 'erin@example.com'))
     where requester_person = $1 returning number`,
    [dave, erin],
  );
  const { stdout } = await people("join", "U0DAVE", "ERIN@example.com");
  expect(stdout).toContain(`One of them decided about the other: look at AR-${rows[0]?.number}.\n`);
});

test("whoever splits an account from the address it may show is warned", async () => {
  const hal = await meet("U0HAL", "hal@example.com");
  const other = await meet("U0HAL2", "hal2@example.com");
  await people("join", String(hal), String(other));
  const { code, stderr } = await people("split", "U0HAL", "U0HAL2");
  expect(code).toBe(0);
  expect(stderr).toMatch(
    /^Warning: person \d+ goes by no address\. An account that shows an address of the other/,
  );
  expect(stderr).not.toContain(`person ${hal} goes by no`);
});
