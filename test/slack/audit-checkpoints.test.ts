import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hallpass as command } from "../cli/run-hallpass.ts";
import { ask, threadSays } from "../support/ask.ts";
import { auditKey, ordinaryPolicy, startWorld, type World } from "../support/hallpass.ts";

let world: World;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "hallpass-checkpoint-"));
  world = await startWorld({
    policy: (names) => ordinaryPolicy(names).replace("settings: {", 'settings: { audit: "#access-audit",'),
  });
});
afterAll(async () => {
  await world?.stop();
  await rm(directory, { recursive: true, force: true });
});

const posted = (): readonly string[] =>
  world.slack
    .channel("#access-audit")
    .messages()
    .map(({ visibleText }) => visibleText);

const verify = (...args: readonly string[]) =>
  command(["audit", "verify", ...args], {
    env: { DATABASE_URL: world.database.workUrl, HALLPASS_AUDIT_KEY: auditKey },
  });

it("publishes signed checkpoints, once each, and a copy of one shows that the chain was written anew", async () => {
  const message = await ask(world, "alice", "orders-db read 1h looking at invoices");
  await world.slack.as("bob").presses(message, "Approve");
  await threadSays(world, message, "Granted to");
  await world.hallpass.publishAudit();
  // One was made at the start, of what the start recorded.
  const [, text = "", ...others] = posted();
  expect(text).toContain("Audit checkpoint at place ");
  expect(others).toEqual([]);

  // As somebody copies it from the channel, with what stands around it.
  const file = join(directory, "checkpoint.txt");
  await writeFile(file, `Hallpass 10:42\n${text}\n`);
  const fine = await verify("--checkpoint", file);
  expect(fine).toMatchObject({ code: 0, stderr: "" });
  expect(fine.stdout).toMatch(
    /^The audit is as it was written: \d+ events and 3 checkpoints verified\. The chain ends/,
  );

  const [{ rows } = { rows: 0 }] = await world.query<{ rows: number }>(
    "select count(*)::int as rows from audit_chain",
  );
  await world.query("alter table audit_chain disable trigger user");
  await world.query("alter table audit_checkpoints disable trigger user");
  await world.query("truncate audit_checkpoints");
  await world.query("update audit_chain set hash = repeat('0', 64) where sequence = $1", [rows]);
  await world.query("alter table audit_chain enable trigger user");
  await world.query("alter table audit_checkpoints enable trigger user");
  const forged = await verify("--checkpoint", file);
  expect(forged.code).toBe(1);
  expect(forged.stdout).toMatch(/^NOT as it was written: 2 faults/);
  expect(forged.stdout).toContain(`- place ${rows}: the checkpoint of `);
});

it("publishes nothing while nothing is new", async () => {
  const before = posted();
  await world.hallpass.publishAudit();
  await world.hallpass.publishAudit();
  expect(posted().length).toBeLessThanOrEqual(before.length + 1);
  const after = posted();
  await world.hallpass.publishAudit();
  expect(posted()).toEqual(after);
});

const lastPlaceOf = async (type: string): Promise<number> => {
  const [{ place } = { place: 0 }] = await world.query<{ place: number }>(
    `select max(c.sequence)::int as place from audit_chain c join audit_events e on e.seq = c.event_seq
     where e.type = '${type}'`,
  );
  return place;
};

const placeOf = (text = ""): number => Number(/place ([\d,]+)/u.exec(text)?.[1]?.replaceAll(",", ""));

it("signs and posts what happened before it stops", async () => {
  const before = posted().length;
  await ask(world, "alice", "orders-db read 1h a last thing before it stops");
  await world.hallpass.stop();
  const [atStop, ...others] = posted().slice(before);
  expect(placeOf(atStop)).toBeGreaterThanOrEqual(await lastPlaceOf("request.created"));
  expect(others).toEqual([]);
});

it("signs and posts at the start what a run that was killed left unsigned", async () => {
  const before = posted().length;
  await world.query(
    `insert into audit_events (id, at, type, actor_kind, data)
     values (gen_random_uuid(), now(), 'request.expired', 'hallpass', '{}')`,
  );
  await world.restart();
  const atStart = await world.slack.until(() => posted()[before], "the checkpoint of the start");
  expect(placeOf(atStart)).toBeGreaterThanOrEqual(await lastPlaceOf("request.expired"));
});

it("says what is wrong with what it was given, and prints the key", async () => {
  expect((await verify("--from", "0")).stderr).toBe(
    '--from must be a place in the chain such as 1 or 5000, got "0".\n',
  );
  expect((await verify("--checkpoint", join(directory, "none"))).stderr).toContain(
    "The checkpoint can't be read from",
  );
  const empty = join(directory, "empty");
  await writeFile(empty, "{} {not json}");
  expect((await verify("--checkpoint", empty)).stderr).toContain("holds no checkpoint");
  expect((await verify("--key", empty)).stderr).toContain("must be an Ed25519 public key in PEM");
  const env = { HALLPASS_AUDIT_KEY: "nonsense", DATABASE_URL: world.database.workUrl };
  expect((await command(["audit", "key"], { env })).stderr).toContain(
    "HALLPASS_AUDIT_KEY must be an Ed25519 private key",
  );
  const printed = await command(["audit", "key"], { env: { HALLPASS_AUDIT_KEY: auditKey } });
  expect(printed.stdout).toMatch(/^-----BEGIN PUBLIC KEY-----/);
});
