import { createPublicKey } from "node:crypto";
import { access, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { Client } from "pg";
import { sealNow } from "../support/seal.ts";
import { openDatabase } from "../../src/persistence/database/database.ts";
import { createAuditPem } from "../support/audit-key.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { emptyFolder, hallpass } from "./run-hallpass.ts";

let database: TestDatabase;
let folder: string;
let key: string;
let env: Readonly<Record<string, string>>;
let written: Buffer;

beforeAll(async () => {
  database = await createDatabase();
  folder = await emptyFolder();
  const client = new Client({ connectionString: database.url });
  await client.connect();
  // More than may be the proof, and more than is read at once.
  await client.query(
    `insert into audit_events (id, at, type, actor_kind, data)
     select gen_random_uuid(), '2026-03-01', 'request.created', 'hallpass', jsonb_build_object('reason', repeat('r', 500))
     from generate_series(1, 3000)`,
  );
  await client.end();
  const bot = openDatabase(database.workUrl);
  await sealNow(bot.prisma);
  await bot.close();
  const pem = createAuditPem();
  env = { DATABASE_URL: database.workUrl, HALLPASS_AUDIT_KEY: pem };
  await hallpass(["audit", "export", "--until", "2026-03-01", "--output", at("audit.csv.gz")], {
    env,
  });
  written = await readFile(at("audit.csv.gz"));
  key = at("audit-key.pub");
  await writeFile(key, createPublicKey(pem).export({ type: "spki", format: "pem" }));
});
afterAll(async () => {
  await database.close();
  await rm(folder, { recursive: true });
});

function at(name: string): string {
  return join(folder, name);
}

const elsewhere = () => ({ env: { HALLPASS_DATA_DIR: at("nothing") }, cwd: folder });

async function verified(bytes: Buffer): Promise<{ readonly code: number | null; readonly stdout: string }> {
  await writeFile(at("given"), bytes);
  const { code, stdout, stderr } = await hallpass(
    ["audit", "verify", "--export", at("given"), "--key", key],
    elsewhere(),
  );
  expect(stderr).toBe("");
  return { code, stdout };
}

test("an export proves itself with nothing but the public key, compressed or not", async () => {
  for (const bytes of [written, gunzipSync(written)])
    expect(await verified(bytes)).toEqual({
      code: 0,
      stdout: expect.stringMatching(
        /^The export is as it was written: 3,000 events as csv \(until 2026-03-02T00:00:00\.000Z\), signed at \S+ with the key \w{16}\. The chain ended at place 3000 with \w{64} then\.\n$/,
      ),
    });
});

test("what was changed in it, or cut off, is said and exits with 1", async () => {
  const plain = gunzipSync(written);
  const changed = Buffer.from(plain);
  changed[1_000_000]! ^= 1;
  for (const [bytes, what] of [
    [gzipSync(changed), "what stands before the proof was changed"],
    [written.subarray(0, -30), "its end was cut off: the compressed file ends too soon"],
  ] as const) {
    const { code, stdout } = await verified(bytes);
    expect([code, stdout]).toEqual([1, expect.stringMatching(/^NOT as it was written: 1 fault\./)]);
    expect(stdout).toContain(`\n- ${what}`);
  }
});

test.each([
  ["that is not there", "nowhere.csv", "ENOENT"],
  ["that is a folder", ".", "EISDIR"],
])("an export %s is one line, and no trace of where it failed", async (_, name, code) => {
  const { stdout, stderr, ...ran } = await hallpass(
    ["audit", "verify", "--export", at(name), "--key", key],
    elsewhere(),
  );
  expect([ran.code, stdout]).toEqual([1, ""]);
  expect(stderr).toMatch(new RegExp(`^The export can't be read from \\S+: ${code}[^\n]*\\.\n$`));
});

test.each(["--key", "--checkpoint"])(
  "nor is there one of a file for %s that is not there",
  async (option) => {
    const given = option === "--key" ? [] : ["--key", key];
    const { code, stdout, stderr } = await hallpass(
      ["audit", "verify", "--export", at("audit.csv.gz"), ...given, option, at("nowhere")],
      elsewhere(),
    );
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^The (?:public key|checkpoint) can't be read from \S+: ENOENT[^\n]*\.\n$/);
  },
);

test("a sealed export names the row that was changed, by the public key alone", async () => {
  const output = at("sealed.jsonl.gz");
  const options = ["--sealed", "--from", "1000", "--to", "2500", "--output", output];
  expect(await hallpass(["audit", "export", ...options], { env })).toEqual({
    code: 0,
    stdout: "",
    stderr: "",
  });
  const sealed = await readFile(output);
  expect(await verified(sealed)).toEqual({
    code: 0,
    stdout: expect.stringMatching(
      /^The export is as it was written: 1,501 events of the chain, place 1000 to 2500, signed at \S+ with the key \w{16}\. It ends with \w{64}\.\n$/,
    ),
  });
  const lines = gunzipSync(sealed).toString().split("\n");
  const changed = lines.with(701, lines[701]!.replace("rrr", "rsr")).join("\n");
  const { code, stdout } = await verified(gzipSync(changed));
  expect([code, stdout]).toEqual([
    1,
    expect.stringMatching(
      /^NOT as it was written: 1 fault\.\n- place 1700: request\.created of [^\n]* was changed[^\n]*\n$/,
    ),
  ]);
  const { stdout: cut } = await verified(sealed.subarray(0, -30));
  expect(cut).toContain("\n- its end was cut off");
});

test.each([
  [
    ["--sealed", "--user", "alice@example.com"],
    /^--user chooses among events, and --sealed is a whole range/,
  ],
  [["--sealed", "--format", "json"], /^--format chooses/],
  [["--from", "3"], /^--from and --to are places of the chain: they go with --sealed/],
  [["--sealed", "--to", "3001"], /^This range can't be exported: the chain ends at place 3000\.\n$/],
])("audit export %j is refused in one line", async (options, message) => {
  const { code, stdout, stderr } = await hallpass(["audit", "export", ...options], { env });
  expect([code, stdout]).toEqual([1, ""]);
  expect(stderr).toMatch(message);
});

test("without a key it says so, and makes none", async () => {
  const { code, stderr } = await hallpass(["audit", "verify", "--export", at("audit.csv.gz")], elsewhere());
  expect([code, stderr]).toEqual([
    1,
    expect.stringMatching(/^The key to verify with can't be read: there is none in /),
  ]);
  await expect(access(at("nothing"))).rejects.toThrow("ENOENT");
});

test.each([
  [["--export", "/nowhere/audit.csv"], /^The export can't be read from \/nowhere\/audit\.csv: ENOENT/],
  [["--export", "/nowhere/audit.csv", "--from", "2"], /^--from and --to are places in the database's chain/],
])("%j is refused in one line", async (options, message) => {
  const { code, stdout, stderr } = await hallpass(["audit", "verify", "--key", key, ...options], elsewhere());
  expect([code, stdout]).toEqual([1, ""]);
  expect(stderr).toMatch(message);
});
