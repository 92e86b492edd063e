import { generateKeyPairSync } from "node:crypto";
import { pino } from "pino";
import { Client } from "pg";
import { readCursor } from "../../../src/audit/chain/cursor.ts";
import { makeCheckpoint } from "../../../src/audit/chain/checkpoint.ts";
import { type Sealer, startSealer } from "../../../src/audit/chain/seal.ts";
import { signingKeyFrom } from "../../../src/audit/chain/signing-key.ts";
import { followChain, type Follower } from "../../../src/audit/sinks/follow.ts";
import { createMovableClock } from "../../../src/persistence/database/clock.ts";
import { type Database, openDatabase } from "../../../src/persistence/database/database.ts";
import { createDatabase, type TestDatabase } from "../../support/database.ts";
import { describeIf } from "../../support/describe-if.ts";
import { isInstalled } from "../../support/is-installed.ts";
import { type Peer, type Received, until } from "./peer.ts";
import { peers } from "./peers.ts";

const key = signingKeyFrom(
  generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  "test",
);
const clock = createMovableClock();
const log = pino({ level: "silent" });
const rhythm = { lookMs: 15, standByMs: 15, firstRetryMs: 15, gatherMs: 15 };

const told: string[] = [];
let test: TestDatabase;
let database: Database;
let client: Client;
let sealer: Sealer;

beforeAll(async () => {
  test = await createDatabase();
  database = openDatabase(test.workUrl);
  client = new Client({ connectionString: test.url });
  await client.connect();
  sealer = startSealer({ db: database.prisma, log });
  await add(12);
  await makeCheckpoint(database.prisma, clock, key);
  await add(3);
  clock.advance(60_000);
});
afterAll(async () => {
  await sealer?.stop();
  await client?.end();
  await database?.close();
  await test?.close();
});

/** The place of the last. */
async function add(count: number): Promise<number> {
  await client.query(
    `insert into audit_events (id, at, type, actor_kind, actor_email, data)
     select gen_random_uuid(), timestamptz '2026-11-30 23:59:00Z' + n * interval '1 minute', 'request.cancelled',
            case when n % 3 = 0 then 'hallpass' else 'person' end, 'alice@example.com',
            jsonb_build_object('reason', e'a "quote", a\\nline, \\u2028 and <14>')
     from generate_series(1, $1::int) n`,
    [count],
  );
  await sealer.seal();
  const { rows } = await client.query<{ head: number }>("select max(sequence)::int as head from audit_chain");
  return rows[0]?.head ?? 0;
}

const head = () => add(0);

function follow(name: string, peer: Peer): Follower {
  return followChain(
    { databaseUrl: test.workUrl, db: database.prisma, clock, log, rhythm, tell: (text) => told.push(text) },
    name,
    peer.sink(),
    true,
  );
}

/** Everything is there, and known to be. */
async function arrived(kind: string, peer: Peer, last: number): Promise<void> {
  await until(has(peer, last), `place ${last} is there`);
  await until(async () => (await readCursor(database.prisma, `sink:${kind}`)) >= last, "that is known");
}

const has = (peer: Peer, sequence: number) => async () =>
  (await peer.received()).some((record) => record.kind === "event" && record.sequence === sequence);

/** Each for the first time. */
function firstTimes(records: readonly Received[]): readonly Received[] {
  const seen = new Set<string>();
  return records.filter(({ kind, sequence }) => {
    const id = `${kind} ${sequence}`;
    return !seen.has(id) && seen.add(id);
  });
}

const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

for (const [kind, { open, needs }] of Object.entries(peers)) {
  const describeThere = describeIf(needs === undefined || (await isInstalled(needs)), `it needs ${needs}`);
  describeThere(kind, () => {
    let peer: Peer;
    beforeAll(async () => {
      peer = await open();
    });
    afterAll(() => peer?.close());

    it("gets all there is, in order, a checkpoint after the event it signs, and takes up what comes", async () => {
      const follower = follow(kind, peer);
      await arrived(kind, peer, await head());
      await arrived(kind, peer, await add(2));
      await follower.stop();
      const records = await peer.received();
      const events = records.filter((record) => record.kind === "event");
      expect(events.map(({ sequence }) => sequence)).toEqual(upTo(await head()));
      const signed = records.findIndex((record) => record.kind === "checkpoint");
      expect(records[signed]).toMatchObject({ sequence: 12, keyId: key.publicKey.id });
      expect(records[signed - 1]).toMatchObject({ kind: "event", sequence: 12, hash: records[signed]?.hash });
      expect(events[0]).toMatchObject({
        type: "request.cancelled",
        actor: "alice@example.com",
        data: { reason: 'a "quote", a\nline, \u2028 and <14>' },
      });
    });

    it("loses nothing when the other side fails in the middle, again and again", async () => {
      const follower = follow(kind, peer);
      await peer.breakDown(true);
      const last = await add(9);
      const before = peer.failures();
      await until(() => peer.failures() > before + 1, "it failed more than once");
      await peer.breakDown(false);
      await arrived(kind, peer, last);
      await follower.stop();
      const firsts = firstTimes(await peer.received()).filter((record) => record.kind === "event");
      expect(firsts.map(({ sequence }) => sequence)).toEqual(upTo(last));
      // Whatever failed, what is there is what was sent.
      expect(told).toEqual([]);
    });

    it("goes on after a restart with what was not sent yet", async () => {
      const known = (await peer.received()).length;
      const before = await head();
      const last = await add(4);
      const [one, other] = [follow(kind, peer), follow(kind, peer)];
      await arrived(kind, peer, last);
      await Promise.all([one.stop(), other.stop()]);
      const fresh = (await peer.received()).slice(known);
      expect(fresh.map(({ sequence }) => sequence)).toEqual([before + 1, before + 2, before + 3, before + 4]);
    });
  });
}
