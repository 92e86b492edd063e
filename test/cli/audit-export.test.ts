import { once } from "node:events";
import { readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { Client } from "pg";
import { z } from "zod";
import { wordProgress } from "../../src/cli/audit/export-output.ts";
import { createAuditPem } from "../support/audit-key.ts";
import { createDatabase } from "../support/database.ts";
import type { TestDatabase } from "../support/database.ts";
import { emptyFolder, hallpass, spawnHallpass } from "./run-hallpass.ts";

let database: TestDatabase;
let env: Readonly<Record<string, string>>;

beforeEach(async () => {
  database = await createDatabase();
  env = { DATABASE_URL: database.workUrl, HALLPASS_AUDIT_KEY: createAuditPem() };
});
afterEach(() => database.close());

async function query(sql: string): Promise<readonly unknown[]> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function insertEvents(count: number): Promise<void> {
  await query(
    `insert into audit_events (id, at, type, actor_kind, resource, requester_email, data)
     select gen_random_uuid(), '2026-03-01', 'request.created', 'hallpass', 'orders-db', 'alice@example.com',
       jsonb_build_object('reason', repeat('r', 500))
     from generate_series(1, ${count})`,
  );
}

const Lines = z.array(z.looseObject({ type: z.string() }));

test("events go to standard output, and that they did is recorded first", async () => {
  await insertEvents(2);
  const { code, stdout, stderr } = await hallpass(["audit", "export", "--format", "json"], { env });
  expect([code, stderr]).toEqual([0, ""]);
  expect(Lines.parse(JSON.parse(stdout)).map(({ type }) => type)).toEqual([
    "request.created",
    "request.created",
    "audit.exported",
    "export.proof",
  ]);
});

test("what was asked for is on record", async () => {
  await insertEvents(1);
  const filters = ["--since", "2026-03-01", "--user", "Alice@example.com", "--resource", "orders-db"];
  await hallpass(["audit", "export", ...filters], { env });
  expect(await query("select actor_kind, data from audit_events where type = 'audit.exported'")).toEqual([
    {
      actor_kind: "hallpass",
      data: {
        format: "csv",
        via: "cli",
        filters: {
          since: "2026-03-01T00:00:00.000Z",
          user: expect.stringMatching(/^\uFDD0i\d+\.\d+\.[-\w]{22}\uFDD1$/u),
          resource: "orders-db",
        },
      },
    },
  ]);
});

test("a file is for its owner only", async () => {
  const folder = await emptyFolder();
  try {
    await insertEvents(1);
    const output = join(folder, "audit.csv");
    const options = ["--until", "2026-03-01", "--output", output];
    const { code, stdout, stderr } = await hallpass(["audit", "export", ...options], { env });
    expect([code, stdout, stderr]).toEqual([0, "", ""]);
    expect((await readFile(output, "utf8")).split("\n")).toEqual([
      expect.stringMatching(/^seq,at,type,/),
      expect.stringMatching(/^1,2026-03-01T00:00:00\.000Z,request\.created,/),
      expect.stringMatching(/^,[^,]*,export\.proof,/),
      "",
    ]);
    expect((await stat(output)).mode & 0o777).toBe(0o600);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("a file whose name ends in .gz is compressed", async () => {
  const folder = await emptyFolder();
  try {
    await insertEvents(3);
    const output = join(folder, "audit.jsonl.gz");
    const { code, stderr } = await hallpass(["audit", "export", "--format", "jsonl", "--output", output], {
      env,
    });
    expect([code, stderr]).toEqual([0, ""]);
    const lines = gunzipSync(await readFile(output))
      .toString()
      .trimEnd()
      .split("\n");
    expect(Lines.parse(lines.map((line) => JSON.parse(line) as unknown)).map(({ type }) => type)).toEqual([
      ...Array.from({ length: 3 }, () => "request.created"),
      "audit.exported",
      "export.proof",
    ]);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("progress is said in rows, their rate and, where it is known, the time left", () => {
  expect(wordProgress({ rows: 120_000, expected: 1_020_000, seconds: 2 })).toBe(
    "120,000 events, 60,000 a second, 15s left",
  );
  expect(wordProgress({ rows: 0, expected: undefined, seconds: 0 })).toBe("0 events, 0 a second");
  expect(wordProgress({ rows: 10, expected: 9, seconds: 1 })).toBe("10 events, 10 a second");
});

test.each([
  [["--format", "xlsx"], "--format must be csv, jsonl or json, got “xlsx”.\n"],
  [["--since", "soon"], /^--since must be a duration back from now/],
  [["--output", "/nowhere/audit.csv"], /^The export can't be written to \/nowhere\/audit\.csv: ENOENT/],
])("%j is refused in one line, and no export is recorded", async (options, message) => {
  const { code, stdout, stderr } = await hallpass(["audit", "export", ...options], { env });
  expect([code, stdout]).toEqual([1, ""]);
  expect(stderr).toMatch(message);
  expect(stderr.trimEnd()).not.toContain("\n");
  expect(await query("select 1 from audit_events")).toEqual([]);
});

test("a reader that has had enough ends it quietly", async () => {
  await insertEvents(5_000);
  const child = spawnHallpass(["audit", "export"], { env });
  const stderr = text(child.stderr);
  await once(child.stdout, "data");
  child.stdout.destroy();
  await once(child, "close");
  expect([child.exitCode, await stderr]).toEqual([0, ""]);
});
