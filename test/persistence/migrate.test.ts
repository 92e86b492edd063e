import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PrismaPg } from "@prisma/adapter-pg";
import { Client } from "pg";
import { migrate, migrateQueues, MigrationError } from "../../src/persistence/database/migrate.ts";
import { loadSchemaEngine } from "../../src/persistence/database/schema-engine.ts";
import type { TestDatabase } from "../support/database.ts";
import { createDatabase, createEmptyDatabase } from "../support/database.ts";

const log = { info: (): void => undefined };
const first = "20261121000000_first";
const schemaFile = join(import.meta.dirname, "../../prisma/schema.prisma");

let database: TestDatabase;
let client: Client;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "hallpass-migrations-"));
});

beforeEach(async () => {
  database = await createEmptyDatabase();
  client = new Client({ connectionString: database.url });
  await client.connect();
});

afterEach(async () => {
  await client.end();
  await database.close();
});

afterAll(() => rm(directory, { recursive: true, force: true }));

async function write(folder: string, migrations: Readonly<Record<string, string>>): Promise<string> {
  const path = join(directory, folder);
  for (const [name, sql] of Object.entries(migrations)) {
    await mkdir(join(path, name), { recursive: true });
    await writeFile(join(path, name, "migration.sql"), sql);
  }
  return path;
}

async function tables(): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1",
  );
  return rows.map(({ name }) => name);
}

test("a new database gets every migration once, and the next start finds nothing to do", async () => {
  const one = await migrate(database.url, { log });
  expect(one.applied).toContain(first);
  expect(await migrate(database.url, { log })).toEqual({ applied: [] });
  const { rows } = await client.query(
    "SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL",
  );
  expect(rows.map((row: { migration_name: string }) => row.migration_name).toSorted()).toEqual(one.applied);
});

test("replicas that start at once migrate once", async () => {
  const results = await Promise.all([1, 2, 3].map(() => migrate(database.url, { log })));
  expect(results.filter(({ applied }) => applied.length > 0)).toHaveLength(1);
  const { rows } = await client.query(
    "SELECT migration_name FROM _prisma_migrations WHERE migration_name = $1",
    [first],
  );
  expect(rows).toHaveLength(1);
});

test("the wait for another that migrates is bounded", async () => {
  const path = await write("slow", { "1_slow": "CREATE TABLE slow (id int)" });
  // Whoever holds the table's name holds up the migration, and with it the lock.
  await client.query("BEGIN; CREATE TABLE slow (id int)");
  let holder: Promise<unknown> | undefined;
  await new Promise<void>((resolve) => {
    holder = migrate(database.url, { directory: path, log: { info: () => resolve() } });
  });
  await expect(migrate(database.url, { directory: path, log, patienceMilliseconds: 50 })).rejects.toThrow(
    /^Another process has been migrating the database at postgresql:\/\/hallpass@127\.0\.0\.1:\d+\/test_\w+ for 0\.05 s/,
  );
  await client.query("ROLLBACK");
  expect(await holder).toEqual({ applied: ["1_slow"] });
});

test("a broken migration names its file and line, changes nothing, and is applied once it is mended", async () => {
  const good = { "1_good": "CREATE TABLE good (id int);" };
  const broken = await write("broken", {
    ...good,
    "2_broken": "CREATE TABLE half (id int);\n-- a comment; with a semicolon\nCREATE TABEL whole (id int);\n",
  });
  const failing = migrate(database.url, { directory: broken, log });
  await expect(failing).rejects.toBeInstanceOf(MigrationError);
  await expect(failing).rejects.toThrow(
    /can't be migrated: 2_broken\/migration\.sql:3: syntax error at or near "TABEL" \(nothing was changed\)\.$/,
  );
  expect(await tables()).toEqual([]);

  const mended = await write("mended", {
    ...good,
    "2_broken": "CREATE TABLE half (id int); CREATE TABLE whole (id int);",
  });
  expect(await migrate(database.url, { directory: mended, log })).toEqual({
    applied: ["1_good", "2_broken"],
  });
  expect(await tables()).toEqual(["_prisma_migrations", "good", "half", "whole"]);
});

test("a later migration is added to what is there", async () => {
  const one = await write("one", { "1_one": "CREATE TABLE one (id int);" });
  await migrate(database.url, { directory: one, log });
  const two = await write("two", {
    "1_one": "CREATE TABLE one (id int);",
    "2_two": "CREATE TABLE two (id int);",
  });
  expect(await migrate(database.url, { directory: two, log })).toEqual({ applied: ["2_two"] });
  expect(await tables()).toEqual(["_prisma_migrations", "one", "two"]);
});

test("a database newer than the code is refused and left alone", async () => {
  const newer = await write("newer", {
    "1_one": "CREATE TABLE one (id int);",
    "2_two": "CREATE TABLE two (id int);",
  });
  await migrate(database.url, { directory: newer, log });
  const older = await write("older", { "1_one": "CREATE TABLE one (id int);" });
  await expect(migrate(database.url, { directory: older, log })).rejects.toThrow(
    /is newer than this Hallpass, which doesn't know its migration 2_two: start the version that made it/,
  );
  expect(await tables()).toEqual(["_prisma_migrations", "one", "two"]);
});

test("a database that holds somebody else's tables is refused", async () => {
  await client.query("CREATE TABLE somebody_elses (id int)");
  await expect(migrate(database.url, { log })).rejects.toThrow(
    /can't be migrated: .*not empty.*\(nothing was changed\)\.$/,
  );
  expect(await tables()).toEqual(["somebody_elses"]);
});

test("a connection lost half-way leaves nothing behind", async () => {
  const path = await write("lost", {
    "1_one": "CREATE TABLE one (id int);",
    "2_lost": "SELECT pg_terminate_backend(pg_backend_pid());",
    "3_after": "CREATE TABLE after (id int);",
  });
  await expect(migrate(database.url, { directory: path, log })).rejects.toThrow(/terminat/);
  expect(await tables()).toEqual([]);
});

test("BullMQ's tables are made in a schema of their own, by several at once or again", async () => {
  await Promise.all([migrateQueues(database.url), migrateQueues(database.url)]);
  await migrateQueues(database.url);
  const { rows } = await client.query("SELECT to_regclass('bullmq.migration') IS NOT NULL AS there");
  expect(rows).toEqual([{ there: true }]);
  expect(await tables()).toEqual([]);
  expect((await migrate(database.url, { log })).applied).toContain(first);
});

// Written as columns, keys and indexes; what Prisma's schema can't say (checks, triggers) isn't asked for.
const shape = `
  SELECT table_name || '.' || column_name AS what,
         concat_ws(' ', udt_name, datetime_precision, is_nullable, column_default) AS how
    FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> '_prisma_migrations'
  UNION ALL
  SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> '_prisma_migrations'
  UNION ALL
  SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
   WHERE connamespace = 'public'::regnamespace AND contype IN ('p', 'u', 'f') AND conrelid IS DISTINCT FROM to_regclass('_prisma_migrations')
   ORDER BY what, how`;

test("schema.prisma says what the migrations make, but for the indexes it has no words for", async () => {
  // Prisma's description of a database needs a type its adapter doesn't know ("char"), so two databases are compared.
  const migrated = await createDatabase();
  const theirs = new Client({ connectionString: migrated.url });
  await theirs.connect();
  try {
    const content = await readFile(schemaFile, "utf8");
    const engine = await loadSchemaEngine(new PrismaPg({ connectionString: database.url }));
    const { stdout } = await engine.diff({
      from: { tag: "empty" },
      to: { tag: "schemaDatamodel", files: [{ path: schemaFile, content }] },
      script: true,
      exitCode: null,
      filters: { externalTables: [], externalEnums: [] },
    });
    engine.free();
    await client.query(stdout ?? "");
    const bySchema = (await client.query<{ what: string }>(shape)).rows;
    const byMigrations = (await theirs.query<{ what: string }>(shape)).rows;
    expect(bySchema.length).toBeGreaterThan(50);
    expect(
      byMigrations.filter(
        ({ what }) =>
          !/^(access_requests_(approved|denied|extension|held|pending|requester_account)|effects_owed|lockdowns_of|people_joined_into_idx|person_names_now|grants_not_gone|drift_findings_open|audit_events_(started|plain|erased|filed|policies))/.test(
            what,
          ),
      ),
    ).toEqual(bySchema);
  } finally {
    await theirs.end();
    await migrated.close();
  }
});
