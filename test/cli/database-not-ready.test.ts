import { Client } from "pg";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { createAuditPem } from "../support/audit-key.ts";
import { emptyFolder, hallpass, type Ran } from "./run-hallpass.ts";
import { rm } from "node:fs/promises";

let database: TestDatabase;
let cwd: string;

beforeEach(async () => {
  database = await createDatabase();
  cwd = await emptyFolder();
});
afterEach(async () => {
  await database.close();
  await rm(cwd, { recursive: true });
});

async function change(sql: string): Promise<void> {
  const client = new Client({ connectionString: database.ownerUrl });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

const run = (args: readonly string[], url = database.workUrl): Promise<Ran> =>
  hallpass(args, { cwd, env: { DATABASE_URL: url, HALLPASS_AUDIT_KEY: createAuditPem() } });

const commands = [
  ["people", "show", "alice@example.com"],
  ["grants", "list"],
  ["grants", "drift"],
  ["audit", "export"],
  ["audit", "export", "--sealed"],
  ["audit", "who", "orders-db"],
  ["audit", "what", "alice@example.com"],
  ["audit", "report", "--period", "2026-Q3"],
  ["audit", "verify"],
  ["audit", "retain", "--years", "7", "--dry-run"],
  ["policy", "explain", "orders-db:read", "--as", "alice@example.com", "--version", "01234567"],
];

const lateMigration = "20261129100000_identities";

test.each(commands)(
  "%s %s says of an older database what it lacks, and what to do first",
  async (...args) => {
    await change(
      `drop table person_names; delete from _prisma_migrations where migration_name = '${lateMigration}'`,
    );
    const { code, stdout, stderr } = await run(args);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(
      /^The database at \S+ is older than this version \(lacks 20261129100000_identities\): stop every Hallpass, then run hallpass migrate --grant-to hallpass_bot as the database's owner\.\n$/,
    );
  },
);

test("its owner is told to migrate, and migrates it", async () => {
  await change("delete from _prisma_migrations where migration_name = '20261122010000_requesters'");
  for (const args of [
    ["audit", "forget", "--yes", "alice@example.com"],
    ["grants", "list"],
  ])
    expect(await run(args, database.ownerUrl)).toEqual({
      code: 1,
      stdout: "",
      stderr: expect.stringMatching(
        /\(lacks 20261122010000_requesters\): stop every Hallpass, then run hallpass migrate\.\n$/,
      ),
    });
});

test("a newer database is told, too", async () => {
  await change(
    "update _prisma_migrations set migration_name = '2999_later' where migration_name like '%first'",
  );
  expect(await run(["grants", "list"])).toEqual({
    code: 1,
    stdout: "",
    stderr: expect.stringMatching(
      /^The database at \S+ is newer than this Hallpass, .*2999_later: start the version .*\n$/,
    ),
  });
});

test.each([
  [["audit", "export"], "insert on audit_events", "grant insert on public.audit_events to hallpass_bot"],
  [["grants", "list"], "select on grants", "grant select on public.grants to hallpass_bot"],
  [
    ["people", "show", "alice@example.com"],
    "select on person_names",
    "grant select on public.person_names to hallpass_bot",
  ],
  [["audit", "verify"], "usage on schema public", "grant usage on schema public to hallpass_bot"],
])("%j says which right is missing, as the SQL that grants it", async (args, right, statement) => {
  const from = right.includes("schema") ? "public, hallpass_bot" : "hallpass_bot";
  await change(`revoke ${right} from ${from}`);
  const { code, stderr } = await run(args);
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /^hallpass_bot may not do what Hallpass needs in the database at \S+: run hallpass migrate --grant-to hallpass_bot /,
  );
  expect(stderr.split("\n").slice(1)).toEqual([`  ${statement};`, ""]);
});
