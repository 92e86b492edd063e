import { pino } from "pino";
import { Client } from "pg";
import { makeCheckpoint } from "../../src/audit/chain/checkpoint.ts";
import { type Publisher, startPublisher } from "../../src/audit/chain/publish.ts";
import { type Sealer, startSealer } from "../../src/audit/chain/seal.ts";
import { signingKeyFrom } from "../../src/audit/chain/signing-key.ts";
import { createMovableClock } from "../../src/persistence/database/clock.ts";
import { type Database, openDatabase } from "../../src/persistence/database/database.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { auditKey } from "../support/hallpass.ts";

const minuteMs = 60_000;
const key = signingKeyFrom(auditKey, "test");
const log = pino({ level: "silent" });

let clock: ReturnType<typeof createMovableClock>;
let test: TestDatabase;
let database: Database;
let client: Client;
let sealer: Sealer;
let isSlackAway: boolean;
let posted: string[];
let running: Publisher[];

beforeEach(async () => {
  clock = createMovableClock();
  test = await createDatabase();
  database = openDatabase(test.url);
  client = new Client({ connectionString: test.url });
  await client.connect();
  sealer = startSealer({ db: database.prisma, log });
  isSlackAway = false;
  posted = [];
  running = [];
});
afterEach(async () => {
  for (const publisher of running) publisher.stop();
  await sealer.stop();
  await client.end();
  await database.close();
  await test.close();
});

/** As a process that has just started has it. */
function startAnother(): Publisher {
  const post = (text: string): Promise<void> =>
    isSlackAway ? Promise.reject(new Error("Slack is away")) : Promise.resolve(void posted.push(text));
  const publisher = startPublisher({
    db: database.prisma,
    clock,
    log,
    key: () => Promise.resolve(key),
    post: () => post,
  });
  running.push(publisher);
  return publisher;
}

async function add(count: number): Promise<void> {
  await client.query(
    `insert into audit_events (id, at, type, actor_kind, data)
     select gen_random_uuid(), now(), 't', 'hallpass', '{}' from generate_series(1, $1::int)`,
    [count],
  );
  await sealer.seal();
}

async function signed(): Promise<readonly number[]> {
  const { rows } = await client.query<{ place: number }>(
    "select sequence::int as place from audit_checkpoints order by 1",
  );
  return rows.map(({ place }) => place);
}

const places = (): readonly string[] => posted.map((text) => /place (\d+)/u.exec(text)?.[1] ?? "");

it("signs when the last checkpoint is an hour old, however shortly each process lives", async () => {
  await add(3);
  await startAnother().look();
  expect(await signed()).toEqual([3]);
  for (let minute = 0; minute < 130; minute += 10) {
    await add(1);
    await startAnother().look();
    clock.advance(10 * minuteMs);
  }
  expect(await signed()).toEqual([3, 10, 16]);
  expect(places()).toEqual(["3", "10", "16"]);
});

it("signs one checkpoint a place and posts it once, however many processes do", async () => {
  const all = [1, 2, 3, 4].map(startAnother);
  for (let round = 1; round <= 5; round += 1) {
    await add(2);
    await Promise.all(all.map((each) => (round % 2 === 0 ? each.look() : each.publish())));
    clock.advance(61 * minuteMs);
  }
  expect(await signed()).toEqual([2, 4, 6, 8, 10]);
  expect(places()).toEqual(["2", "4", "6", "8", "10"]);
});

it("signs nothing while nothing is new", async () => {
  await add(1);
  await startAnother().publish();
  clock.advance(3 * 60 * minuteMs);
  await startAnother().look();
  await startAnother().publish();
  expect(await signed()).toEqual([1]);
  expect(places()).toEqual(["1"]);
});

it("posts what whoever made it could not, once Slack is back", async () => {
  await add(1);
  isSlackAway = true;
  await expect(startAnother().publish()).rejects.toThrow("Slack is away");
  isSlackAway = false;
  clock.advance(5 * minuteMs);
  await startAnother().look();
  expect(places()).toEqual(["1"]);
});

it("signs soon again where the last checkpoint is of the future, as after a clock was set back", async () => {
  await add(1);
  clock.advance(24 * 60 * minuteMs);
  await startAnother().publish();
  clock.advance(-24 * 60 * minuteMs);
  await add(1);
  await startAnother().look();
  expect(await signed()).toEqual([1, 2]);
});

it("is not kept from signing, or from posting, by a row that claims a place the chain does not have", async () => {
  await add(2);
  await client.query(
    `insert into audit_checkpoints (sequence, hash, at, key_id, signature)
     values (999999, repeat('0', 64), now() - interval '10 minutes', 'x', 'x'), (1, repeat('0', 64), now(), 'x', 'x')`,
  );
  await startAnother().look();
  expect(await signed()).toEqual([1, 2, 999_999]);
  expect(places()).toEqual(["2"]);
  await add(1);
  expect(await makeCheckpoint(database.prisma, clock, key)).toMatchObject({ sequence: 3 });
  clock.advance(5 * minuteMs);
  await startAnother().look();
  expect(places()).toEqual(["2", "3"]);
});
