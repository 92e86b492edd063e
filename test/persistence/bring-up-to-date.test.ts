import { Client } from "pg";
import { bringUpToDate, migrateAsOwner } from "../../src/persistence/database/bring-up-to-date.ts";
import { MigrationError } from "../../src/persistence/database/migrate.ts";
import { createDatabase, createEmptyDatabase, type TestDatabase } from "../support/database.ts";

const worker = "hallpass_bot";
let warned: string[];
let database: TestDatabase;

beforeEach(async () => {
  warned = [];
  database = await createDatabase();
});
afterEach(() => database.close());

const log = { info: () => undefined, warn: (message: string) => void warned.push(message) };
const options = { queues: true, log };

async function run(sql: string, url = database.ownerUrl): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** What starting with this URL is refused with. */
async function refusal(url: string): Promise<string> {
  const error: unknown = await bringUpToDate(url, options).catch((reason: unknown) => reason);
  if (error instanceof MigrationError) return error.message;
  throw new Error("expected a refusal", { cause: error });
}

test("the working role starts without a right to make anything, and nothing is said", async () => {
  await bringUpToDate(database.workUrl, options);
  expect(warned).toEqual([]);
});

test("an owner that is no superuser migrates at the start as ever, and nothing is said", async () => {
  const empty = await createEmptyDatabase();
  try {
    await bringUpToDate(empty.ownerUrl, options);
    await bringUpToDate(empty.ownerUrl, options);
    await run("select from audit_events, bullmq.migration", empty.ownerUrl);
    expect(warned).toEqual([]);
  } finally {
    await empty.close();
  }
});

test("a superuser starts, with a warning that says what it can do and what to do instead", async () => {
  await bringUpToDate(database.url, options);
  expect(warned).toEqual([
    expect.stringMatching(
      /^Hallpass works as hallpass at postgresql:\/\/hallpass@127\.0\.0\.1:\d+\/test_\w+, who can read files .*docs\/database\.md says\.$/,
    ),
  ]);
  expect(warned.join("")).not.toContain(new URL(database.url).password);
});

test("a role that may read the server's files is warned of like a superuser", async () => {
  await run(`grant pg_read_server_files to ${worker}`, database.url);
  try {
    await bringUpToDate(database.workUrl, options);
    expect(warned).toHaveLength(1);
  } finally {
    await run(`revoke pg_read_server_files from ${worker}`, database.url);
  }
});

test.each([
  ["insert on audit_events", "grant insert on public.audit_events to hallpass_bot"],
  ["select, delete on effects", "grant select, delete on public.effects to hallpass_bot"],
  ["select on _prisma_migrations", "grant select on public._prisma_migrations to hallpass_bot"],
  [
    "usage on sequence audit_events_seq_seq",
    "grant usage on sequence public.audit_events_seq_seq to hallpass_bot",
  ],
  ["usage on schema bullmq", "grant usage on schema bullmq to hallpass_bot"],
  ["update on bullmq.job", "grant update on bullmq.job to hallpass_bot"],
])("a missing right is said as the SQL that grants it: %s", async (right, statement) => {
  await run(`revoke ${right} from ${worker}`);
  const said = await refusal(database.workUrl);
  expect(said).toMatch(
    /^hallpass_bot may not do what Hallpass needs in the database at \S+: run hallpass migrate --grant-to hallpass_bot with the DATABASE_URL of the database's owner, or as that owner\n/,
  );
  expect(said.split("\n").slice(1)).toEqual([`  ${statement};`]);
  await run(statement);
  await bringUpToDate(database.workUrl, options);
});

test("the queues need tables of their session's own, those on Redis do not", async () => {
  const name = new URL(database.url).pathname.slice(1);
  await run(`revoke temporary on database "${name}" from public`);
  const statement = `grant temporary on database ${name} to hallpass_bot`;
  expect((await refusal(database.workUrl)).split("\n").slice(1)).toEqual([`  ${statement};`]);
  await bringUpToDate(database.workUrl, { queues: false, log });
  await migrateAsOwner(database.ownerUrl, worker, options);
  await bringUpToDate(database.workUrl, options);
});

test("what a queue makes at its first job is there before it, for who works may not make it", async () => {
  const sequences =
    "select from pg_sequences where schemaname = 'bullmq' and sequencename like 'bullmq_jid_%'";
  const client = new Client({ connectionString: database.ownerUrl });
  await client.connect();
  expect((await client.query(sequences)).rowCount).toBe(4);
  await client
    .query("select format('drop sequence bullmq.%I', bullmq.job_id_seq_name('revocations')) as sql")
    .then(({ rows }: { rows: { sql: string }[] }) => client.query(rows[0]?.sql ?? ""));
  expect(await refusal(database.workUrl)).toContain("(those of the queues)");
  await migrateAsOwner(database.ownerUrl, worker, options);
  expect((await client.query(sequences)).rowCount).toBe(4);
  await client.end();
  await bringUpToDate(database.workUrl, options);
});

test("a function that is not everybody's to call is named with its arguments, and granted", async () => {
  await run("revoke execute on function hallpass_insist_on_people(integer[], integer) from public");
  const statement =
    "grant execute on routine public.hallpass_insist_on_people(persons integer[], seen integer) to hallpass_bot";
  expect((await refusal(database.workUrl)).split("\n").slice(1)).toEqual([`  ${statement};`]);
  await run(statement);
  await bringUpToDate(database.workUrl, options);
});

test("queues on Redis need no rights on those in the database", async () => {
  await run(`revoke usage on schema bullmq from ${worker}`);
  await expect(bringUpToDate(database.workUrl, { queues: false, log })).resolves.toBeUndefined();
});

test("missing migrations are named, and applied by nobody but who may", async () => {
  await run("delete from _prisma_migrations where migration_name = '20261122010000_requesters'");
  expect(await refusal(database.workUrl)).toMatch(
    /^The database at \S+ lacks migrations that hallpass_bot may not apply \(20261122010000_requesters\): run hallpass migrate --grant-to/,
  );
  await run(
    "update bullmq.migration set version = 100 - version where version > 1; delete from bullmq.migration where version > 1",
  );
  expect(await refusal(database.workUrl)).toContain("(20261122010000_requesters, those of the queues)");
});

test("an empty database is for its owner to fill, and then the other works in it", async () => {
  const empty = await createEmptyDatabase();
  try {
    expect(await refusal(empty.workUrl)).toMatch(
      /^The database at \S+ has no tables of Hallpass's, and hallpass_bot may not make them: run hallpass migrate --grant-to/,
    );
    await migrateAsOwner(empty.ownerUrl, worker, options);
    await bringUpToDate(empty.workUrl, options);
  } finally {
    await empty.close();
  }
});

test("granting leaves what is right, adds what is missing and takes back what is too much", async () => {
  await run(
    `grant update, delete, truncate, trigger on audit_events to ${worker}; grant references on effects to ${worker};
     revoke insert on audit_events from ${worker}`,
  );
  await migrateAsOwner(database.ownerUrl, worker, options);
  await bringUpToDate(database.workUrl, options);
  const client = new Client({ connectionString: database.ownerUrl });
  await client.connect();
  const { rows } = await client.query(
    `select relname as name, string_agg(a.privilege_type, ' ' order by a.privilege_type) as rights
     from pg_class c, aclexplode(relacl) a
     where relname in ('audit_events', 'effects', 'audit_tombstones') and a.grantee = '${worker}'::regrole group by 1 order by 1`,
  );
  await client.end();
  expect(rows).toEqual([
    { name: "audit_events", rights: "INSERT SELECT" },
    { name: "audit_tombstones", rights: "SELECT" },
    { name: "effects", rights: "DELETE INSERT SELECT UPDATE" },
  ]);
});

test("what is nobody's of Hallpass in the same schema is granted to nobody", async () => {
  await run("create table public.strangers (secret text)", database.url);
  await migrateAsOwner(database.ownerUrl, worker, options);
  await expect(run("select from strangers", database.workUrl)).rejects.toMatchObject({ code: "42501" });
});

test.each([
  ["nobody", "There is no role nobody at "],
  ["hallpass_owner", "hallpass_owner owns the tables at "],
  ["hallpass", "hallpass owns the tables at "],
])("to %s nothing can be granted, and why is said", async (role, words) => {
  const error: unknown = await migrateAsOwner(database.ownerUrl, role, options).catch(
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(MigrationError);
  expect(String(error)).toContain(words);
});
