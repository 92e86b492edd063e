import { pathToFileURL } from "node:url";
import { resolve } from "node:path";
import { Client } from "pg";
import { sealNow } from "../support/seal.ts";
import type * as verifying from "../../src/audit/verify/verify.ts";
import { type Database, openDatabase } from "../../src/persistence/database/database.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";

// As it is built: threads are Node's own, which knows no TypeScript.
const built = pathToFileURL(resolve(import.meta.dirname, "../../dist/cli/verify.js")).href;
const { verifyChain }: typeof verifying = await import(built);

let test: TestDatabase;
let database: Database;
let attacker: Client;

beforeEach(async () => {
  test = await createDatabase();
  database = openDatabase(test.workUrl);
  attacker = new Client({ connectionString: test.url });
  await attacker.connect();
  await attacker.query(
    `insert into audit_events (id, at, type, actor_kind, data)
     select gen_random_uuid(), now() - interval '1 hour' + n * interval '1 second', 't', 'hallpass', '{}'
     from generate_series(1, 300) n`,
  );
  await seal();
  // With full rights, as an attacker would: nothing refuses any more.
  await attacker.query("set session_replication_role = replica");
});
afterEach(async () => {
  await attacker.end();
  await database.close();
  await test.close();
});

/** Once: a sealer that goes on seals anew what is taken out of the chain. */
async function seal(): Promise<void> {
  await sealNow(database.prisma);
}

/** By so many threads; those of three each take 100 places. */
function verify(
  threads: number,
  range: { from?: number; to?: number } = {},
): Promise<verifying.Verification> {
  return verifyChain({ databaseUrl: test.workUrl }, { keys: [], threads, ...range });
}

it("finds with several threads what one finds, for whatever part of the chain", async () => {
  for (const range of [{}, { from: 7, to: 211 }, { from: 150, to: 152 }, { from: 300 }]) {
    const alone = await verify(1, range);
    expect(alone.faults).toEqual([]);
    expect(await verify(3, range)).toEqual(alone);
  }
});

it("names what is wrong before, at and after the places where threads meet", async () => {
  await attacker.query("update audit_events set type = 'u' where seq in (99, 100, 101, 200, 300)");
  const named = [99, 100, 101, 200, 300].map((place) =>
    expect.stringMatching(new RegExp(`^place ${place}: u of .* was changed`)),
  );
  expect((await verify(3)).faults).toEqual(named);
  expect((await verify(1)).faults).toEqual(named);
});

it("names what is gone where threads would meet", async () => {
  await attacker.query("delete from audit_chain where sequence in (100, 101, 199, 300)");
  await attacker.query("delete from audit_events where seq = 200");
  expect(await verify(3)).toEqual(await verify(1));
  expect((await verify(3)).faults).toEqual([
    "places 100 to 101 are missing; they were deleted",
    "place 199 is missing; it was deleted",
    "place 200: its event is gone from audit_events; it was deleted",
  ]);
});

it("finds what came late beside what another thread has seen", async () => {
  await attacker.query(
    `insert into audit_events (id, at, type, actor_kind, data)
     select gen_random_uuid(), now() - interval '2 hours', 't', 'hallpass', '{}' from generate_series(1, 200)`,
  );
  await seal();
  const alone = await verify(1);
  expect(alone.faults).toHaveLength(10);
  // The last of five threads sees nothing but what is as late.
  expect((await verify(5)).faults).toEqual(alone.faults);
});

it("fails with what a thread fails with", async () => {
  const name = `reader_${new URL(test.url).pathname.slice(-8)}`;
  await attacker.query(`create role ${name} login password 'p' connection limit 1 in role pg_read_all_data`);
  const databaseUrl = Object.assign(new URL(test.url), { username: name, password: "p" }).href;
  const alone = await verifyChain({ databaseUrl }, { keys: [], threads: 1 });
  expect(alone.faults).toEqual([]);
  await expect(verifyChain({ databaseUrl }, { keys: [], threads: 2 })).rejects.toThrow(
    /too many connections for role/,
  );
});
