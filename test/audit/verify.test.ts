import { generateKeyPairSync, randomUUID } from "node:crypto";
import fc from "fast-check";
import { pino } from "pino";
import { Client } from "pg";
import { v7 as uuidv7 } from "uuid";
import { makeCheckpoint } from "../../src/audit/chain/checkpoint.ts";
import { canonicalRecord, chainedFields, type ChainedEvent, linkHash } from "../../src/audit/chain/chain.ts";
import { startSealer } from "../../src/audit/chain/seal.ts";
import { sealNow } from "../support/seal.ts";
import { signingKeyFrom } from "../../src/audit/chain/signing-key.ts";
import { type Verification, verifyChain, type VerifyOptions } from "../../src/audit/verify/verify.ts";
import { createMovableClock } from "../../src/persistence/database/clock.ts";
import { type Database, openDatabase } from "../../src/persistence/database/database.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";

const newKey = () =>
  signingKeyFrom(
    generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    "test",
  );
const key = newKey();
const clock = createMovableClock();

let test: TestDatabase;
let database: Database;
let attacker: Client;

beforeEach(async () => {
  test = await createDatabase();
  database = openDatabase(test.workUrl);
  attacker = new Client({ connectionString: test.url });
  await attacker.connect();
});
afterEach(async () => {
  await attacker.end();
  await database.close();
  await test.close();
});

/** Ten events, sealed; events are numbered from 1 as the places of the chain are. */
async function tenEvents(): Promise<void> {
  await attacker.query(
    `insert into audit_events (id, at, type, actor_kind, actor_email, data)
     select gen_random_uuid(), now() - interval '1 hour' + n * interval '1 minute', 'request.cancelled', 'person',
            'alice@example.com', jsonb_build_object('reason', 'no ' || n)
     from generate_series(1, 10) n`,
  );
  await sealNow(database.prisma);
}

/** With full rights, as an attacker would: nothing refuses any more. */
async function disableTriggers(): Promise<void> {
  await attacker.query("set session_replication_role = replica");
}

/** Exchanges two events in the chain, at once: the sealer would seal what is not in it for a moment. */
async function exchange(one: number, other: number): Promise<void> {
  await attacker.query(
    `begin;
     update audit_chain set event_seq = -event_seq where sequence in (${one}, ${other});
     update audit_chain set event_seq = ${one + other} + event_seq where event_seq < 0;
     commit`,
  );
}

function verify(options: Partial<VerifyOptions> = {}): Promise<Verification> {
  return verifyChain({ databaseUrl: test.workUrl }, { keys: [key.publicKey], ...options });
}

async function faults(options: Partial<VerifyOptions> = {}): Promise<readonly string[]> {
  return (await verify(options)).faults;
}

it("finds nothing wrong with what it sealed, and says where the chain ends", async () => {
  await tenEvents();
  const verification = await verify();
  expect(verification).toMatchObject({ verified: 10, unsealed: 0, faults: [], head: { sequence: 10 } });
});

it("recomputes events whatever texts and JSON they hold", async () => {
  // PostgreSQL holds any text but U+0000.
  const text = fc
    .oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom("\\N", "\t\n\r\b\f\v", '\\"', "\u0001", "\uFDD0x1\uFDD1", "\u{1f600}", "\uffff", ""),
    )
    .map((drawn) => drawn.replaceAll("\0", ""));
  const number = fc.constantFrom(0, 1.5, -3, 1e21, 1e-7, 123_456_789_012_345, 0.1);
  const value = fc.oneof(text, number, fc.boolean(), fc.constant(null), fc.array(text, { maxLength: 2 }));
  const object = fc.dictionary(text, fc.oneof(value, fc.dictionary(text, value, { maxKeys: 3 })), {
    maxKeys: 5,
  });
  const drawn = fc.sample(
    fc.record({ type: text, email: fc.option(text), rule: fc.option(text), data: object }),
    150,
  );
  await attacker.query(
    `insert into audit_events (id, at, type, actor_kind, actor_email, rule, data)
     select gen_random_uuid(), now() - interval '1 hour' + n * interval '7 milliseconds', e ->> 'type', 'person',
            e ->> 'email', e ->> 'rule', e -> 'data'
     from jsonb_array_elements($1) with ordinality as d(e, n)`,
    [JSON.stringify(drawn)],
  );
  // What only PostgreSQL writes so: digits as they were given, and more of them than there are in a number.
  const data = `{"n": [1.50, 1${"0".repeat(21)}, 123456789012345678, -0.0000001], "long": "${"é".repeat(100_000)}", "a ": {"b": 1, "B": {}}}`;
  await attacker.query(
    `insert into audit_events (id, at, type, actor_kind, actor_person, data)
     values (gen_random_uuid(), now(), 't', 'person', 2147483647, $1), (gen_random_uuid(), now(), 't', 'person', 1, $1)`,
    [data],
  );
  await sealNow(database.prisma);
  expect(await verify()).toMatchObject({ verified: 152, faults: [] });
});

it("goes on where a batch of places ends, and stops at the first faults of many", async () => {
  await attacker.query(
    `insert into audit_events (id, at, type, actor_kind, data)
     select gen_random_uuid(), now(), 't', 'hallpass', '{}' from generate_series(1, 8100)`,
  );
  await sealNow(database.prisma);
  expect(await verify({ from: 2, to: 8_050 })).toMatchObject({ verified: 8_049, faults: [] });
  await disableTriggers();
  await attacker.query("update audit_events set type = 'u' where seq in (3999, 4000, 4001, 8001)");
  expect(await faults()).toEqual(
    [3999, 4000, 4001, 8001].map((place) =>
      expect.stringMatching(new RegExp(`^place ${place}: u of .* was changed`)),
    ),
  );
  await attacker.query("update audit_events set type = 'u' where seq > 100");
  expect(await verify()).toMatchObject({ verified: 110, unsealed: 0, faults: { length: 10 } });
});

it("names events that were exchanged from one end of the chain to the other", async () => {
  await attacker.query(
    `insert into audit_events (id, at, type, actor_kind, data)
     select gen_random_uuid(), now(), 't', 'hallpass', '{}' from generate_series(1, 9000)`,
  );
  await sealNow(database.prisma);
  await disableTriggers();
  await exchange(5, 8900);
  const found = await faults();
  expect(found).toEqual(
    [5, 8900].map((place) => expect.stringMatching(new RegExp(`^place ${place}: t of .* exchanged`))),
  );
});

it("is not misled about what came late by a time beyond all others", async () => {
  await attacker.query(
    `insert into audit_events (id, at, type, actor_kind, data)
     values (gen_random_uuid(), '294000-01-01', 't', 'hallpass', '{}')`,
  );
  await sealNow(database.prisma);
  await tenEvents();
  await attacker.query(
    `insert into audit_events (id, at, type, actor_kind, data)
     values (gen_random_uuid(), now() - interval '3 hours', 't', 'hallpass', '{}')`,
  );
  await sealNow(database.prisma);
  expect(await faults()).toContainEqual(expect.stringMatching(/^place 12: .* inserted later/));
});

it("names the event that was changed, in any column that is hashed", async () => {
  await tenEvents();
  await disableTriggers();
  const changes = [
    'data = \'{"reason":"yes"}\'',
    "at = at + interval '1 millisecond'",
    "actor_email = 'bob@example.com'",
    "type = 'request.expired'",
    "dedupe_key = 'x'",
    "rule = ''",
  ];
  for (const change of changes) {
    await attacker.query("begin");
    await attacker.query(`update audit_events set ${change} where seq = 4`);
    await attacker.query("commit");
    const found = await faults();
    expect(found).toEqual([expect.stringMatching(/^place 4: .* was changed/)]);
    await attacker.query("truncate audit_chain");
    await sealNow(database.prisma);
  }
});

it("names the event that was deleted, and the place", async () => {
  await tenEvents();
  await disableTriggers();
  await attacker.query("delete from audit_events where seq = 6");
  expect(await faults()).toEqual([expect.stringMatching(/^place 6: its event is gone/)]);
  await attacker.query("delete from audit_chain where sequence = 6");
  expect(await faults()).toEqual(["place 6 is missing; it was deleted"]);
});

it("names places that are missing before where it was told to begin or end", async () => {
  await tenEvents();
  await disableTriggers();
  await attacker.query("delete from audit_chain where sequence between 6 and 8");
  expect(await faults({ from: 5 })).toEqual(["places 6 to 8 are missing; they were deleted"]);
  expect(await faults({ from: 2, to: 7 })).toEqual(["places 6 to 7 are missing; they were deleted"]);
  expect(await faults({ from: 9 })).toEqual([expect.stringMatching(/^place 9/)]);
});

it("names the events that were exchanged", async () => {
  await tenEvents();
  await disableTriggers();
  await exchange(3, 4);
  const found = await faults();
  expect(found[0]).toMatch(/^place 3: .* was changed, or exchanged/);
  expect(found[1]).toMatch(/^place 4: /);
  expect(found).toHaveLength(2);
});

it("names an event that was inserted among earlier ones, sealed or not", async () => {
  await tenEvents();
  await attacker.query(
    `insert into audit_events (id, at, type, actor_kind, data)
     values (gen_random_uuid(), now() - interval '3 hours', 'request.expired', 'hallpass', '{}')`,
  );
  expect(await faults()).toEqual([expect.stringMatching(/^request\.expired .* is not in the chain/)]);
  await sealNow(database.prisma);
  expect(await faults()).toEqual([expect.stringMatching(/^place 11: .* inserted later/)]);
});

/** An event as somebody inserts it by hand, with an id that was made so many minutes ago, or with a random one. */
async function insertAt(minutesAgo: number, idMinutesAgo?: number): Promise<void> {
  const msecs = Date.now() - (idMinutesAgo ?? 0) * 60_000;
  await attacker.query(
    `insert into audit_events (id, at, type, actor_kind, data)
     values ($1, now() - $2::float8 * interval '1 minute', 'request.approved', 'hallpass', '{}')`,
    [idMinutesAgo === undefined ? randomUUID() : uuidv7({ msecs }), minutesAgo],
  );
  await sealNow(database.prisma);
}

it("notices by its time what is dated back by more than ten minutes behind the last event before it", async () => {
  await insertAt(60, 60);
  await insertAt(30, 30);
  await insertAt(41, 41);
  expect(await faults()).toEqual([expect.stringMatching(/^place 3: .* inserted later/)]);
});

it("does not notice by its time what is dated back by less, or after the last event; an id made later is said", async () => {
  await insertAt(60, 60);
  await insertAt(30, 30);
  await insertAt(39, 39);
  await insertAt(29, 29);
  expect(await verify()).toMatchObject({ faults: [], oddIds: { count: 0, first: null } });
  await insertAt(31, 0);
  await insertAt(0);
  expect(await verify()).toMatchObject({ faults: [], oddIds: { count: 2, first: 5 } });
  expect(await verify({ to: 4 })).toMatchObject({ oddIds: { count: 0, first: null } });
});

it("says nothing of machines whose clocks are a minute wrong, or behind by any time", async () => {
  for (const minutes of [0, 1, -1, 1, 0, -600]) await insertAt(5, 5 - minutes);
  expect(await verify()).toMatchObject({ faults: [], oddIds: { count: 0, first: null } });
});

it("finds that the end was cut off by what a checkpoint knew", async () => {
  await tenEvents();
  const checkpoint = await makeCheckpoint(database.prisma, clock, key);
  await disableTriggers();
  await attacker.query("delete from audit_chain where sequence > 7");
  await attacker.query("delete from audit_events where seq > 7");
  expect(await faults()).toEqual([expect.stringContaining("the chain ends at place 7")]);
  await attacker.query("truncate audit_checkpoints");
  expect(await faults()).toEqual([]);
  expect(await faults({ published: [checkpoint!] })).toEqual([
    expect.stringContaining("its end was cut off"),
  ]);
});

/** What an attacker does who has read the source: everything from a place on is computed anew. */
async function rewriteFrom(place: number): Promise<void> {
  await disableTriggers();
  await attacker.query("update audit_events set actor_email = 'mallory@example.com' where seq = $1", [place]);
  const columns = chainedFields.map(({ name, sql }) => `${sql} as "${name}"`);
  const { rows } = await attacker.query<ChainedEvent>(
    `select ${columns.join(", ")} from audit_events e where e.seq >= $1 order by e.seq`,
    [place],
  );
  const before = await attacker.query<{ hash: string }>("select hash from audit_chain where sequence = $1", [
    place - 1,
  ]);
  let hash = before.rows[0]?.hash ?? "";
  for (const event of rows) {
    hash = linkHash(hash, canonicalRecord(event));
    await attacker.query("update audit_chain set hash = $1 where event_seq = $2", [hash, event.seq]);
  }
}

it("finds a suffix that was written anew with its hashes only by a published checkpoint", async () => {
  await tenEvents();
  const checkpoint = await makeCheckpoint(database.prisma, clock, key);
  await rewriteFrom(5);
  expect(await faults()).toEqual([expect.stringMatching(/^place 10: the checkpoint .* written anew/)]);
  await attacker.query("truncate audit_checkpoints");
  expect(await faults()).toEqual([]);
  expect(await faults({ published: [checkpoint!] })).toEqual([
    expect.stringMatching(/^place 10: the checkpoint .* written anew/),
  ]);
});

it("does not believe a checkpoint that was signed by somebody else, or changed", async () => {
  await tenEvents();
  const ours = await makeCheckpoint(database.prisma, clock, key);
  const theirs = newKey();
  expect(await faults({ keys: [theirs.publicKey] })).toEqual([expect.stringContaining("none of ours")]);
  expect(await faults({ published: [{ ...ours!, sequence: 9 }] })).toEqual([
    expect.stringContaining("its signature is not ours"),
  ]);
});

it("makes a checkpoint only when there is anything new", async () => {
  await tenEvents();
  expect(await makeCheckpoint(database.prisma, clock, key)).toMatchObject({ sequence: 10 });
  expect(await makeCheckpoint(database.prisma, clock, key)).toBeUndefined();
});

it("seals each event once while several processes do, in one unbroken chain", async () => {
  const sealers = [1, 2, 3, 4].map(() =>
    startSealer({ db: database.prisma, log: pino({ level: "silent" }) }),
  );
  try {
    for (let round = 0; round < 10; round += 1) {
      await Promise.all([
        attacker.query(
          `insert into audit_events (id, at, type, actor_kind, data)
           select gen_random_uuid(), now(), 't', 'hallpass', '{}' from generate_series(1, 50)`,
        ),
        ...sealers.map((each) => each.seal()),
      ]);
    }
    await sealNow(database.prisma);
  } finally {
    await Promise.all(sealers.map((each) => each.stop()));
  }
  expect(await verify()).toMatchObject({ verified: 500, unsealed: 0, faults: [] });
});

it("seals an event that became visible after later ones", async () => {
  const late = new Client({ connectionString: test.url });
  await late.connect();
  await late.query("begin");
  const insert = `insert into audit_events (id, at, type, actor_kind, data)
                  values (gen_random_uuid(), now(), 't', 'hallpass', '{}')`;
  await late.query(insert);
  await attacker.query(insert);
  await sealNow(database.prisma);
  await late.query("commit");
  await late.end();
  await sealNow(database.prisma);
  expect(await verify()).toMatchObject({ verified: 2, unsealed: 0, faults: [] });
});

it("refuses to change or delete what is sealed, in the database itself", async () => {
  await tenEvents();
  await makeCheckpoint(database.prisma, clock, key);
  for (const statement of [
    "update audit_chain set hash = hash",
    "delete from audit_chain",
    "truncate audit_chain",
    "update audit_checkpoints set hash = hash",
    "delete from audit_checkpoints",
    "truncate audit_checkpoints",
  ])
    await expect(attacker.query(statement)).rejects.toThrow("is insert-only");
});
