import { access, rm } from "node:fs/promises";
import { join } from "node:path";
import { startEmbeddedPostgres } from "../../src/persistence/embedded/embedded.ts";
import { createEmptyDatabase } from "../support/database.ts";
import type { TestDatabase } from "../support/database.ts";
import { query } from "../support/embedded.ts";
import { emptyFolder, hallpass } from "./run-hallpass.ts";

describe("with DATABASE_URL", () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createEmptyDatabase();
  });
  afterEach(() => database.close());

  test("migrations are applied and named, and then there are none", async () => {
    const env = { DATABASE_URL: database.url };
    const refused = await hallpass(["audit", "export"], { env });
    expect([refused.code, refused.stdout]).toEqual([1, ""]);
    expect(refused.stderr).toMatch(
      /^The database at \S+ has no tables of Hallpass's: run hallpass migrate\.\n$/,
    );

    const first = await hallpass(["migrate"], { env });
    expect([first.code, first.stderr]).toEqual([0, ""]);
    expect(first.stdout).toMatch(/^(?:Applied \S+\n)+The database at \S+ is up to date\.\n$/);
    const nobody = await hallpass(["migrate", "--grant-to", "nosuch"], { env });
    expect(nobody).toMatchObject({ code: 1, stdout: "" });
    const second = await hallpass(["migrate"], { env });
    expect([second.code, second.stderr]).toEqual([0, ""]);
    expect(second.stdout).toMatch(/^The database at \S+ is up to date\.\n$/);
  });
});

test("a role that is not there is said before anything is migrated for it", async () => {
  const database = await createEmptyDatabase();
  try {
    const env = { DATABASE_URL: database.ownerUrl };
    const { code, stdout, stderr } = await hallpass(["migrate", "--grant-to", "nosuch"], { env });
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^There is no role nosuch at \S+: docs\/database\.md says how to make it\.\n$/);
    expect(await query(database.url, "select to_regclass('audit_events') as name")).toEqual([{ name: null }]);
    const owner = new URL(database.ownerUrl).username;
    const own = await hallpass(["migrate", "--grant-to", owner], { env });
    expect(own.stderr).toContain("owns the tables at");
    const worker = new URL(database.workUrl).username;
    expect(await hallpass(["migrate", "--grant-to", worker], { env })).toMatchObject({ code: 0, stderr: "" });
  } finally {
    await database.close();
  }
});

test("a database that can't be reached is one line without its password", async () => {
  const env = { DATABASE_URL: "postgres://u:canary@127.0.0.1:1/x" };
  const { code, stderr } = await hallpass(["migrate"], { env });
  expect([code, stderr]).toEqual([
    1,
    "The database at postgres://u@127.0.0.1:1/x can't be used: connect ECONNREFUSED 127.0.0.1:1.\n",
  ]);
});

test("settings that can't be read are all said", async () => {
  const { code, stderr } = await hallpass(["migrate"], {
    env: { DATABASE_URL: "canary", LOG_LEVEL: "canary" },
  });
  expect(code).toBe(1);
  expect(stderr.split("\n")).toEqual([
    expect.stringMatching(/^DATABASE_URL must/),
    expect.stringMatching(/^LOG_LEVEL must/),
    "",
  ]);
  expect(stderr).not.toContain("canary");
});

test("LOG_LEVEL=debug shows where an error comes from", async () => {
  const env = { DATABASE_URL: "postgres://u:canary@127.0.0.1:1/x", LOG_LEVEL: "debug" };
  const { code, stderr } = await hallpass(["migrate"], { env });
  expect(code).toBe(1);
  expect(stderr).toMatch(/\bstorage[-\w]*\.js:\d+/u);
  expect(stderr).not.toContain("canary");
});

describe("without DATABASE_URL", () => {
  let cwd: string;
  beforeEach(async () => {
    cwd = await emptyFolder();
  });
  afterEach(() => rm(cwd, { recursive: true }));

  test("where there are no data, a command that needs them says so and makes none", async () => {
    const { code, stderr } = await hallpass(["audit", "export"], { cwd });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^There is no Hallpass data in \.hallpass: set DATABASE_URL .*\n$/);
    await expect(access(join(cwd, ".hallpass"))).rejects.toThrow("ENOENT");
  });

  test("Hallpass's own server is started, used and stopped", async () => {
    const migrated = await hallpass(["migrate"], { cwd });
    expect([migrated.code, migrated.stderr]).toEqual([0, ""]);
    const exported = await hallpass(["audit", "export", "--format", "jsonl"], { cwd });
    expect([exported.code, exported.stderr]).toEqual([0, ""]);
    expect(exported.stdout).toMatch(/^\{.*"audit\.exported".*\}\n\{.*"export\.proof".*\}\n$/);
    await expect(access(join(cwd, ".hallpass/postgres/data/postmaster.pid"))).rejects.toThrow("ENOENT");
  }, 60_000);

  test("a command that changes the audit is its owner for as long as that takes", async () => {
    expect((await hallpass(["migrate"], { cwd })).code).toBe(0);
    const postgres = await startEmbeddedPostgres({
      dataDir: join(cwd, ".hallpass"),
      log: { info: () => undefined },
    });
    try {
      const person = `with gone as (insert into people (key) values (sha256('key')) returning id)
        insert into person_names (person_id, kind, name, since) select id, 'email', 'gone@example.com', now() from gone`;
      await query(postgres.url, person);
      await expect(query(postgres.url, "update people set key = null")).rejects.toMatchObject({
        code: "42501",
      });
      expect(await query(postgres.url, "select name from person_names")).toEqual([
        { name: "gone@example.com" },
      ]);
      const forgotten = await hallpass(["audit", "forget", "--yes", "gone@example.com"], { cwd });
      expect([forgotten.code, forgotten.stderr]).toEqual([0, ""]);
      expect(
        await query(
          postgres.url,
          "select key, (select count(*)::int from person_names) as names from people",
        ),
      ).toEqual([{ key: null, names: 0 }]);
    } finally {
      await postgres.stop();
    }
    const grant = await hallpass(["migrate", "--grant-to", "somebody"], { cwd });
    expect([grant.code, grant.stderr]).toEqual([
      1,
      "--grant-to is for a database of yours: set DATABASE_URL to its owner's.\n",
    ]);
  }, 60_000);
});
