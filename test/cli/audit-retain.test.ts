import { createPublicKey } from "node:crypto";
import { once } from "node:events";
import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Client } from "pg";
import { recordEvent } from "../../src/persistence/audit.ts";
import { sealNow } from "../support/seal.ts";
import { openDatabase } from "../../src/persistence/database/database.ts";
import { createAuditPem } from "../support/audit-key.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { emptyFolder, hallpass, spawnHallpass } from "./run-hallpass.ts";

let database: TestDatabase;
let client: Client;
let folder: string;
let archive: string;
let env: Readonly<Record<string, string>>;

beforeEach(async () => {
  database = await createDatabase();
  client = new Client({ connectionString: database.url });
  await client.connect();
  folder = await emptyFolder();
  archive = join(folder, "archive");
  const pem = createAuditPem();
  env = { DATABASE_URL: database.ownerUrl, HALLPASS_AUDIT_KEY: pem };
  await writeFile(join(folder, "key.pub"), createPublicKey(pem).export({ type: "spki", format: "pem" }));
  const nineYearsAgo = new Date();
  nineYearsAgo.setUTCFullYear(nineYearsAgo.getUTCFullYear() - 9);
  const bot = openDatabase(database.workUrl);
  await recordEvent(bot.prisma, {
    type: "lockdown.lifted",
    at: nineYearsAgo,
    actor: { kind: "person", email: "alice@example.com" },
    data: { kind: "resource", value: "orders-db" },
  });
  await bot.close();
  await client.query(
    `insert into audit_events (id, at, type, actor_kind, resource, data)
     select gen_random_uuid(), now() - make_interval(years => case when n <= 300 then 9 else 1 end) + n * interval '1 second',
            'request.cancelled', 'hallpass', 'orders-db', '{}'
     from generate_series(2, 400) n`,
  );
  await seal();
});
afterEach(async () => {
  await client.end();
  await database.close();
  await rm(folder, { recursive: true });
});

async function seal(): Promise<void> {
  const bot = openDatabase(database.workUrl);
  await sealNow(bot.prisma);
  await bot.close();
}

async function counts(): Promise<unknown> {
  const { rows } = await client.query<object>(
    `select (select count(*)::int from audit_chain) as chain, (select count(*)::int from audit_events) as events,
            (select count(*)::int from audit_tombstones) as tombstones`,
  );
  return rows[0];
}

const retain = (): readonly string[] => ["audit", "retain", "--years", "7", "--archive", archive];

test("the oldest goes into the archive, and verify goes through what is left and the archive", async () => {
  const dry = await hallpass([...retain(), "--dry-run"], { env });
  expect([dry.code, dry.stdout, dry.stderr]).toEqual([
    0,
    expect.stringMatching(
      /^Would retire the places 1 to 300 \(300 events\), older than \S+Z, and keep them in \S+archive\.\n$/,
    ),
    "",
  ]);
  expect(await counts()).toEqual({ chain: 400, events: 400, tombstones: 0 });
  const done = await hallpass(retain(), { env });
  expect([done.code, done.stdout, done.stderr]).toEqual([
    0,
    expect.stringMatching(
      /^Retired the places 1 to 300 \(300 events\), of [-\d]+ to [-\d]+: kept as \S+\.jsonl\.gz, SHA-256 \w{64}\.\n$/,
    ),
    "",
  ]);
  expect(await counts()).toEqual({ chain: 100, events: 101, tombstones: 1 });
  const again = await hallpass(retain(), { env });
  expect([again.code, again.stdout]).toEqual([
    0,
    expect.stringMatching(/^Nothing was retired: no event may go that is older than \S+Z\.\n$/),
  ]);
  await seal();
  const verified = await hallpass(["audit", "verify", "--archive", archive], { env });
  expect([verified.code, verified.stdout]).toEqual([
    0,
    expect.stringMatching(
      /^The audit is as it was written: 401 events and 0 checkpoints verified\. The places 1 to 300, of [-\d]+ to [-\d]+, were retired \(kept in 1 file, verified too\)\. The chain ends at place 401 with \w{64}\. Not with an id that Hallpass made at the time they give: 100 events, the first at place 301; written by something else and perhaps dated back, or by a machine whose clock was more than 2 minutes ahead\.\n$/,
    ),
  ]);
  const inRetired = await hallpass(["audit", "verify", "--to", "300"], { env });
  expect(inRetired).toEqual({
    code: 1,
    stdout: "",
    stderr:
      "Nothing was verified: the places up to 300 were retired; --archive looks at the files they are kept in. The chain ends at place 401.\n",
  });
  const inArchive = await hallpass(["audit", "verify", "--to", "300", "--archive", archive], { env });
  expect([inArchive.code, inArchive.stdout]).toEqual([
    0,
    expect.stringMatching(/^The audit is as it was written: 300 events/),
  ]);
  const [name = ""] = await readdir(archive);
  const alone = await hallpass([
    "audit",
    "verify",
    "--export",
    join(archive, name),
    "--key",
    join(folder, "key.pub"),
  ]);
  expect([alone.code, alone.stdout]).toEqual([
    0,
    expect.stringMatching(/^The export is as it was written: 300 events of the chain, place 1 to 300, /),
  ]);
  await rm(join(archive, name));
  const lost = await hallpass(["audit", "verify", "--archive", archive], { env });
  expect([lost.code, lost.stdout]).toEqual([
    1,
    expect.stringContaining(`\n- ${name}, with the places 1 to 300, can't be read: ENOENT`),
  ]);
});

test("questions say what they can't know any more, and whoever is erased is erased in the archive too", async () => {
  expect((await hallpass(retain(), { env })).code).toBe(0);
  const retired = /^What happened until \S+Z was retired from the audit, and no answer knows of it\.\n$/;
  const then = await hallpass(["audit", "who", "orders-db", "--between", "2010-01-01", "2100-01-01"], {
    env,
  });
  expect([then.code, then.stderr]).toEqual([0, expect.stringMatching(retired)]);
  const now = await hallpass(["audit", "who", "orders-db"], { env });
  expect([now.code, now.stderr]).toEqual([0, ""]);
  const forgotten = await hallpass(["audit", "forget", "--yes", "alice@example.com"], { env });
  expect([forgotten.code, forgotten.stderr]).toEqual([0, ""]);
  expect((await client.query("select from people where key is not null")).rowCount).toBe(0);
  const verified = await hallpass(["audit", "verify", "--archive", archive], { env });
  expect([verified.code, verified.stdout]).toEqual([0, expect.stringContaining("verified too")]);
});

const running =
  "select from pg_stat_activity where application_name = 'hallpass audit retain' and datname = current_database()";

test("a run that is killed in the middle has deleted nothing, and the next one goes on with its file", async () => {
  const other = new Client({ connectionString: database.url });
  await other.connect();
  await other.query("begin");
  // The events are deleted already when it comes to their places.
  await other.query("lock table audit_chain in share mode");
  const child = spawnHallpass(retain(), { env });
  child.stdout.resume();
  const waits = async (): Promise<boolean> => {
    const { rowCount } = await client.query(`${running} and wait_event_type = 'Lock'`);
    return rowCount === 1;
  };
  while (!(await waits()));
  const [name] = await readdir(archive);
  child.kill("SIGKILL");
  await once(child, "exit");
  await other.query("rollback");
  await other.end();
  // The server only learns of it once it has something to send.
  while ((await client.query(running)).rowCount !== 0);
  expect(await counts()).toEqual({ chain: 400, events: 400, tombstones: 0 });
  const { code, stdout } = await hallpass(retain(), { env });
  expect([code, stdout]).toEqual([0, expect.stringContaining(`kept as ${join(archive, name!)}, `)]);
  expect(await counts()).toEqual({ chain: 100, events: 101, tombstones: 1 });
  expect(await readdir(archive)).toEqual([name]);
});

test("what can't be done is said in a line, and nothing is deleted", async () => {
  await writeFile(archive, "no directory");
  const refused = await hallpass(retain(), { env });
  expect([refused.code, refused.stdout, refused.stderr]).toEqual([
    1,
    "",
    expect.stringMatching(/^The archive can't be written, so nothing more was retired: E\w+.*\.\n$/),
  ]);
  const years = await hallpass(["audit", "retain", "--years", "0.5"], { env });
  expect([years.code, years.stderr]).toEqual([
    1,
    '--years must be a whole number from 1 to 99, got "0.5".\n',
  ]);
  expect(await counts()).toEqual({ chain: 400, events: 400, tombstones: 0 });
});
