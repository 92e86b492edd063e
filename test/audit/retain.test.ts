import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { gunzipSync, gzipSync } from "node:zlib";
import { canonicalize } from "json-canonicalize";
import { Client } from "pg";
import { type Checkpoint, makeCheckpoint } from "../../src/audit/chain/checkpoint.ts";
import { moveCursor } from "../../src/audit/chain/cursor.ts";
import { planRetaining, retain, type RetainOptions } from "../../src/audit/retention/retain.ts";
import { exportSealed, findSealed } from "../../src/audit/export/sealed-export.ts";
import { sealNow } from "../support/seal.ts";
import { readSinkLag } from "../../src/audit/sinks/lag.ts";
import { readBatch } from "../../src/audit/sinks/read-batch.ts";
import { withSnapshot } from "../../src/audit/chain/snapshot.ts";
import type { Tombstone } from "../../src/audit/retention/tombstone.ts";
import { verifyChain, type VerifyOptions } from "../../src/audit/verify/verify.ts";
import { advisoryLocks } from "../../src/persistence/database/advisory-locks.ts";
import { lockPeople } from "../../src/persistence/people/join-people.ts";
import { createMovableClock } from "../../src/persistence/database/clock.ts";
import { type Database, openDatabase } from "../../src/persistence/database/database.ts";
import { withSealer } from "../../src/persistence/personal/seal-personal.ts";
import { createAuditKey } from "../support/audit-key.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";

const key = createAuditKey();
const clock = createMovableClock();

let test: TestDatabase;
let database: Database;
/** Who has all rights on the tables, and no less. */
let client: Client;
let archive: string;

beforeEach(async () => {
  test = await createDatabase();
  database = openDatabase(test.workUrl);
  client = new Client({ connectionString: test.url });
  await client.connect();
  archive = await mkdtemp(join(tmpdir(), "hallpass-archive-"));
});
afterEach(async () => {
  await client.end();
  await database.close();
  await test.close();
  await rm(archive, { recursive: true });
});

/** Events of so many years ago, sealed. */
async function events(count: number, years: number, requestId?: string): Promise<void> {
  await client.query(
    `insert into audit_events (id, at, type, actor_kind, request_id, request_number, data)
     select gen_random_uuid(), now() - make_interval(years => $2) + n * interval '1 minute', 'request.cancelled', 'hallpass',
            $3::uuid, case when $3 is not null then 1042 end, jsonb_build_object('n', n)
     from generate_series(1, $1) n`,
    [count, years, requestId],
  );
  await sealNow(database.prisma);
}

/** Twelve places that are old enough, and five that are not. */
async function seventeen(): Promise<void> {
  await events(12, 9);
  await events(5, 1);
}

const options = (more: Partial<RetainOptions> = {}): RetainOptions => ({
  databaseUrl: test.ownerUrl,
  key,
  years: 7,
  archive,
  ignoredSinks: [],
  ...more,
});

async function retired(more: Partial<RetainOptions> = {}): Promise<readonly Tombstone[]> {
  const tombstones: Tombstone[] = [];
  await retain(options(more), (tombstone) => tombstones.push(tombstone));
  return tombstones;
}

/** What the chain was before somebody wrote it anew. */
function forgedCheckpoint(sequence: number): Checkpoint {
  const signed = {
    version: 1 as const,
    sequence,
    hash: "f".repeat(64),
    at: "2017-12-01T00:00:00.000Z",
    keyId: key.publicKey.id,
  };
  return { ...signed, signature: key.sign(canonicalize(signed)) };
}

async function faults(more: Partial<VerifyOptions> = {}): Promise<readonly string[]> {
  return (await verifyChain({ databaseUrl: test.workUrl }, { keys: [key.publicKey], ...more })).faults;
}

async function places(): Promise<readonly number[]> {
  const { rows } = await client.query<{ place: number }>(
    "select c.sequence::int as place from audit_chain c join audit_events e on e.seq = c.event_seq order by 1",
  );
  return rows.map(({ place }) => place);
}

/** With full rights, as an attacker would: nothing refuses any more. */
async function disableTriggers(): Promise<void> {
  await client.query("set session_replication_role = replica");
}

it("retiring and a change of who is who do not wait for each other", async () => {
  await seventeen();
  const [tombstone] = await database.prisma.$transaction(async (tx) => {
    await lockPeople(tx);
    return retired();
  });
  expect(tombstone).toMatchObject({ from: 1, to: 12 });
  const keys = Object.values(advisoryLocks);
  expect(new Set(keys).size).toBe(keys.length);
});

it("keeps what is old enough in a file, deletes it, and what is left still proves itself", async () => {
  await events(5, 9);
  await makeCheckpoint(database.prisma, clock, key);
  await events(7, 9);
  await events(5, 1);
  await makeCheckpoint(database.prisma, clock, key);
  // Of a run that was killed while it wrote.
  await writeFile(join(archive, ".hallpass-audit-000000000001.partial"), "something else ".repeat(1_000));
  const [tombstone, ...more] = await retired();
  expect(more).toEqual([]);
  expect(tombstone).toMatchObject({ from: 1, to: 12, previous: "0".repeat(64) });
  const [name = "", ...others] = await readdir(archive);
  expect(others).toEqual([]);
  expect(name).toMatch(/^hallpass-audit-000000000001-000000000012-\d{8}-\d{8}\.jsonl\.gz$/);
  const bytes = await readFile(join(archive, name));
  expect(tombstone?.archive).toEqual({ name, sha256: createHash("sha256").update(bytes).digest("hex") });
  expect((await stat(join(archive, name))).mode & 0o777).toBe(0o600);
  await sealNow(database.prisma);
  expect(await places()).toEqual([13, 14, 15, 16, 17, 18]);
  const { rows } = await client.query("select data from audit_events where type = 'audit.retained'");
  expect(rows).toEqual([
    { data: { from: 1, to: 12, before: expect.any(String), archive: name, via: "cli" } },
  ]);
  const verification = await verifyChain({ databaseUrl: test.workUrl }, { keys: [key.publicKey], archive });
  expect(verification).toMatchObject({ verified: 18, unsealed: 0, faults: [], head: { sequence: 18 } });
  expect(verification).toMatchObject({ checkpoints: 2, uncompared: 0 });
  expect(await verifyChain({ databaseUrl: test.workUrl }, { keys: [key.publicKey] })).toMatchObject({
    uncompared: 1,
  });
  await disableTriggers();
  await client.query("delete from audit_checkpoints");
  const published = forgedCheckpoint(5);
  expect(await faults({ archive, published: [published] })).toEqual([
    expect.stringMatching(/^hallpass-audit-\S+: place 5: the checkpoint of .* written anew/),
  ]);
  await client.query("set session_replication_role = origin");
  expect(await retired()).toEqual([]);
});

it("goes on from the tombstone when nothing is left, and after several", async () => {
  await events(25, 9);
  const tombstones = await retired({ atOnce: 10 });
  expect(tombstones.map(({ from, to }) => [from, to])).toEqual([
    [1, 10],
    [11, 20],
    [21, 25],
  ]);
  // What the last one recorded may be sealed by now.
  expect((await places()).filter((place) => place <= 25)).toEqual([]);
  expect(await faults({ archive })).toEqual([]);
  await sealNow(database.prisma);
  expect(await places()).toEqual([26, 27, 28]);
  expect(await faults({ archive })).toEqual([]);
  expect(await makeCheckpoint(database.prisma, clock, key)).toMatchObject({ sequence: 28 });
});

it("changes nothing while it is only asked what would go", async () => {
  await seventeen();
  expect(await planRetaining(options())).toEqual({
    range: { from: 1, to: 12 },
    before: expect.any(String),
    stops: [],
  });
  expect(await places()).toHaveLength(17);
  expect(await readdir(archive)).toEqual([]);
});

it("keeps nothing without an archive, and proves what goes all the same", async () => {
  await seventeen();
  expect((await retired({ archive: undefined }))[0]).not.toHaveProperty("archive");
  expect(await readdir(archive)).toEqual([]);
  expect(await faults({ archive })).toEqual([]);
});

const pending = "0195d0a0-0000-7000-8000-000000000001";

async function request(status: string, terms: object): Promise<void> {
  await client.query(
    "insert into policies (hash, text) values (encode(sha256('version: 1'), 'hex'), 'version: 1') on conflict do nothing",
  );
  await client.query(
    `insert into access_requests (id, number, status, source, requester_email, requester_name, requester_person, resource, role,
       duration_seconds, reason, policy_version, terms, planned, created_at)
     values ($1, 1042, $2, 'slack', 'alice@example.com', 'Alice', test_person('alice@example.com'), 'orders-db', 'read', 60, 'x',
       encode(sha256('version: 1'), 'hex'), $3, '[]', now())`,
    [pending, status, terms],
  );
}

async function grant(status: string): Promise<void> {
  await client.query(
    `insert into grants (id, request_id, status, provider, subject, target, duration_seconds, active_at, expires_at, revoked_at)
     values (gen_random_uuid(), $1, $2, 'orders', 'alice', '{}', 60, now(), now(), null)`,
    [pending, status],
  );
}

it("keeps the events of a request that is not over, and all that follow", async () => {
  const stops = ["place 8 and what follows stays: AR-1042 is not over"];
  await events(7, 9);
  await events(1, 9, pending);
  await events(4, 9);
  await request("pending", {});
  expect(await planRetaining(options())).toMatchObject({ range: { from: 1, to: 7 }, stops });
  await client.query("update access_requests set status = 'approved'");
  expect(await planRetaining(options())).toMatchObject({ range: { from: 1, to: 12 }, stops: [] });
  await client.query(`update access_requests set terms = '{"startWithinSeconds": 60}'`);
  expect(await planRetaining(options())).toMatchObject({ range: { from: 1, to: 7 }, stops });
  await grant("active");
  expect(await planRetaining(options())).toMatchObject({ range: { from: 1, to: 7 }, stops });
  expect(await retired()).toMatchObject([{ from: 1, to: 7 }]);
  await sealNow(database.prisma);
  await client.query("update grants set status = 'revoked', revoked_at = now()");
  expect(await retired()).toMatchObject([{ from: 8, to: 12 }]);
  expect(await faults({ archive })).toEqual([]);
});

it("names who was changed in what was retired, and nobody who was erased", async () => {
  const person = { whose: "bob@example.com", kind: "email", value: "bob@example.com" } as const;
  await withSealer(database.prisma, [person], (people) =>
    client.query(
      `insert into audit_events (id, at, type, actor_kind, actor_email, actor_person, data)
       values (gen_random_uuid(), now() - interval '9 years', 'request.cancelled', 'person', $1, $2, '{}')`,
      [people.value(person), people.person(person.whose)],
    ),
  );
  await sealNow(database.prisma);
  expect(await retired()).toMatchObject([{ from: 1, to: 1 }]);
  await sealNow(database.prisma);
  expect(await faults({ archive })).toEqual([]);
  await disableTriggers();
  await client.query("update people set key = $1", [Buffer.alloc(32)]);
  expect(await faults({ archive })).toEqual([
    expect.stringMatching(
      /\.jsonl\.gz: place 1: request\.cancelled of .* is not about who it was about: row 1 /,
    ),
  ]);
  await client.query("update people set key = null, erased_at = now()");
  expect(await faults({ archive })).toEqual([]);
});

it("keeps what a sink has not had, unless that is gone for good", async () => {
  await seventeen();
  const cursor = (name: string, place: number): Promise<boolean> =>
    moveCursor(database.prisma, clock, name, place);
  await cursor("sink:siem:since", 0);
  await cursor("sink:siem:checkpoints", 12);
  expect(await planRetaining(options())).toEqual({
    before: expect.any(String),
    stops: [
      expect.stringMatching(
        /^place 1 and what follows stays: the sink siem has not had it .* --ignore-sink siem$/,
      ),
    ],
  });
  await cursor("sink:siem", 5);
  expect(await retired()).toMatchObject([{ from: 1, to: 5 }]);
  expect(await retired()).toEqual([]);
  expect(await retired({ ignoredSinks: ["siem"] })).toMatchObject([{ from: 6, to: 12 }]);
});

it("sends a sink that comes later what there still is, and calls nothing missing", async () => {
  await seventeen();
  await retired();
  const from = { events: 0, checkpoints: 0 };
  const { records } = await readBatch({ client, db: database.prisma, clock }, from, false);
  expect(records.map(({ kind, sequence }) => [kind, sequence])).toEqual(
    [13, 14, 15, 16, 17].map((place) => ["event", place]),
  );
  expect(await readSinkLag(database.prisma, clock, ["late"])).toMatchObject([{ events: 5 }]);
  await disableTriggers();
  await client.query("delete from audit_chain where sequence = 13");
  const { records: after } = await readBatch({ client, db: database.prisma, clock }, from, false);
  expect(after[0]).toEqual({ kind: "missing", sequence: 13, hash: null });
});

it("retires nothing of an audit that was tampered with", async () => {
  await seventeen();
  await disableTriggers();
  await client.query("update audit_events set type = 'request.expired' where seq = 4");
  await client.query("set session_replication_role = origin");
  for (const directory of [archive, undefined])
    await expect(retired({ archive: directory })).rejects.toThrow(
      /nothing of it was retired: place 4: request\.expired/,
    );
  expect(await places()).toHaveLength(17);
  expect(await readdir(archive)).toEqual([]);
  expect((await client.query("select from audit_tombstones")).rowCount).toBe(0);
});

it("replaces no file of the archive, whatever it holds", async () => {
  await events(12, 9);
  const name = "hallpass-audit-000000000001-000000000006-20180101-20180101.jsonl.gz";
  const elsewhere = join(archive, "elsewhere");
  const range = { from: 1, to: 4 };
  const foreign = await withSnapshot({ databaseUrl: test.workUrl, name: "test" }, async (snapshot) => {
    const found = await findSealed(snapshot, range);
    if ("fault" in found) throw new Error(found.fault);
    return gzipSync(await buffer(exportSealed(snapshot, found, key).stream));
  });
  for (const [content, why] of [
    [gzipSync("something else\n"), /is in the archive already\. It is not as it was written/],
    [foreign, /is in the archive already, and is no part of this audit/],
  ] as const) {
    await writeFile(join(archive, name), content);
    await expect(retired()).rejects.toThrow(why);
    expect(await readFile(join(archive, name))).toEqual(content);
    expect(await places()).toHaveLength(12);
  }
  expect(await retired({ archive: elsewhere })).toMatchObject([{ from: 1, to: 12 }]);
});

it("lets nobody delete anything but what a tombstone of the same transaction covers", async () => {
  await seventeen();
  const { rows } = await client.query<{ hash: string }>("select hash from audit_chain order by sequence");
  const hash = (place: number): string => rows[place - 1]?.hash ?? "0".repeat(64);
  const lay = (from: number, to: number, last = hash(to), previous = hash(from - 1)): Promise<unknown> =>
    client.query(
      `insert into audit_tombstones values ($1, $2, $3, $4, now(), now(), null, null, now(), 'key', 'signature')`,
      [from, to, previous, last],
    );
  const refused = async (...statements: readonly (() => Promise<unknown>)[]): Promise<string> => {
    await client.query("begin");
    try {
      for (const statement of statements) await statement();
      return "nothing was refused";
    } catch (error) {
      return String(error);
    } finally {
      await client.query("rollback");
    }
  };
  const run = (sql: string) => (): Promise<unknown> => client.query(sql);
  const byHand = ["delete from audit_events where seq = 4", "delete from audit_chain where sequence = 4"];
  for (const sql of [...byHand, "delete from audit_events", "delete from audit_chain"])
    expect(await refused(run(sql))).toMatch(/is insert-only: DELETE refused/);
  const shadow = `create temporary table audit_tombstones (first_sequence bigint, last_sequence bigint);
    insert into audit_tombstones values (1, 17)`;
  const cover = (): Promise<unknown> => lay(1, 3);
  for (const sql of byHand) {
    expect(await refused(cover, run(sql))).toMatch(/is insert-only: DELETE refused/);
    expect(await refused(run(shadow), run(sql))).toMatch(/is insert-only: DELETE refused/);
  }
  expect(await refused(cover, run("delete from audit_events where seq in (3, 4)"))).toMatch(/insert-only/);
  expect(await refused(cover, run("delete from audit_events where seq <= 3"))).toBe("nothing was refused");
  for (const wrong of [
    () => lay(2, 3),
    () => lay(1, 3, hash(4)),
    () => lay(1, 18),
    () => lay(1, 3, hash(3), hash(5)),
  ])
    expect(await refused(wrong)).toMatch(/a tombstone must follow the one before it/);
  await cover();
  for (const sql of byHand) expect(await refused(run(sql.replace("4", "2")))).toMatch(/insert-only/);
  for (const sql of [
    "update audit_tombstones set signature = ''",
    "delete from audit_tombstones",
    "truncate audit_tombstones",
    "update audit_events set type = type",
    "update audit_chain set hash = hash",
    "truncate audit_events",
    "truncate audit_chain",
  ])
    expect(await refused(run(sql))).toMatch(/is insert-only/);
  expect(await places()).toHaveLength(17);
  // What stands for places that are there, and is signed by nobody.
  expect(await faults()).toEqual([
    expect.stringMatching(/^the tombstone of the places 1 to 3 does not count: it is signed by the key key/),
    expect.stringMatching(/^place 1 is there, though a tombstone says that it was retired/),
  ]);
});

it("names a tombstone that was deleted, changed or forged", async () => {
  await seventeen();
  await retired({ atOnce: 4 });
  expect(await faults()).toEqual([]);
  await disableTriggers();
  const after = async (sql: string): Promise<readonly string[]> => {
    await client.query("create temporary table kept as table audit_tombstones");
    await client.query(sql);
    const found = await faults();
    await client.query("truncate audit_tombstones");
    await client.query("insert into audit_tombstones table kept");
    await client.query("drop table kept");
    return found;
  };
  const notOurs = "does not count: its signature is not ours";
  expect(await after("delete from audit_tombstones")).toEqual([
    "places 1 to 12 are missing; they were deleted, and no tombstone stands for them",
  ]);
  expect(await after("delete from audit_tombstones where last_sequence = 8")).toEqual([
    "no tombstone stands for the places 5 to 8; it was deleted",
  ]);
  expect((await after("delete from audit_tombstones where last_sequence = 12"))[0]).toMatch(
    /^places 9 to 12 are missing; they were deleted/,
  );
  expect(await after("update audit_tombstones set last_at = now() where last_sequence = 4")).toEqual([
    `the tombstone of the places 1 to 4 ${notOurs}`,
  ]);
  expect(await after("update audit_tombstones set archive = 'x' where last_sequence = 4")).toEqual([
    `the tombstone of the places 1 to 4 ${notOurs}`,
  ]);
  expect(
    (await after("update audit_tombstones set last_hash = repeat('a', 64) where last_sequence = 12"))[0],
  ).toBe(`the tombstone of the places 9 to 12 ${notOurs}`);
  expect(
    await after(
      `delete from audit_events e using audit_chain c where c.event_seq = e.seq and c.sequence <= 14;
       delete from audit_chain where sequence <= 14;
       update audit_tombstones set last_sequence = 14 where last_sequence = 12`,
    ),
  ).toContain(`the tombstone of the places 9 to 14 ${notOurs}`);
});

it("names a file of the archive that is gone, changed, cut off, exchanged or packed anew", async () => {
  await events(12, 9);
  await retired({ atOnce: 6 });
  const [one = "", two = ""] = (await readdir(archive)).toSorted();
  const bytes = await readFile(join(archive, one));
  const packed = (text: string): Buffer => gzipSync(text);
  const plain = gunzipSync(bytes).toString();
  expect(await faults({ archive })).toEqual([]);
  for (const [content, what] of [
    [packed(plain.replace('"n":4', '"n":5')), `${one}: place 4: request.cancelled`],
    [packed(plain.split("\n").slice(0, 4).join("\n")), `${one}: its end was cut off`],
    [bytes.subarray(0, -20), `${one}, with the places 1 to 6, can't be read`],
    [
      await readFile(join(archive, two)),
      `${one} is not the file that the tombstone of the places 1 to 6 names`,
    ],
    [gzipSync(plain, { level: 1 }), `${one} is not the file that the tombstone of the places 1 to 6 names`],
  ] as const) {
    await writeFile(join(archive, one), content);
    expect(await faults({ archive })).toEqual([expect.stringContaining(what)]);
  }
  await rename(join(archive, one), join(archive, "elsewhere"));
  expect(await faults({ archive })).toEqual([expect.stringMatching(/can't be read: ENOENT/)]);
  expect(await faults()).toEqual([]);
});
