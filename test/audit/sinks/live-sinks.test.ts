import { execFile } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Client } from "pg";
import { type Sealer, startSealer } from "../../../src/audit/chain/seal.ts";
import { createLiveSinks, type LiveSinks } from "../../../src/audit/sinks/live-sinks.ts";
import { createMetrics } from "../../../src/http/metrics.ts";
import { createLogger } from "../../../src/logger.ts";
import { recordEvent } from "../../../src/persistence/audit.ts";
import { createMovableClock } from "../../../src/persistence/database/clock.ts";
import { type Database, openDatabase } from "../../../src/persistence/database/database.ts";
import { SinkOptions } from "../../../src/policy/language/sinks.ts";
import { createDatabase, type TestDatabase } from "../../support/database.ts";
import { describeIf } from "../../support/describe-if.ts";
import { isInstalled } from "../../support/is-installed.ts";
import { secret, until } from "./peer.ts";
import { Batch, webhookPeer } from "./peers.ts";

const run = promisify(execFile);
const clock = createMovableClock();
const hostile = 'please\n\nSequence: 999999\n"; rm -rf / #\u202E';
let logged = "";
const log = createLogger("debug", { write: (line) => void (logged += line) });
const told: string[] = [];

let dataDir: string;
let test: TestDatabase;
let database: Database;
let sealer: Sealer;
let sinks: LiveSinks;
let peer: Awaited<ReturnType<typeof webhookPeer>>;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "hallpass-sinks-"));
  test = await createDatabase();
  database = openDatabase(test.workUrl);
  sealer = startSealer({ db: database.prisma, log });
  peer = await webhookPeer();
  sinks = startSinks();
});
afterAll(async () => {
  await sinks?.stop();
  await sealer?.stop();
  await peer?.close();
  await database?.close();
  await test?.close();
  await rm(dataDir, { recursive: true, force: true });
});

function startSinks(): LiveSinks {
  return createLiveSinks({
    databaseUrl: test.workUrl,
    db: database.prisma,
    clock,
    log,
    rhythm: { lookMs: 15, standByMs: 15, firstRetryMs: 15 },
    resolveSecret: (name) => (name === "SINK_SECRET" ? secret : undefined),
    dataDir,
    tell: (text) => told.push(text),
  });
}

async function record(reason: string): Promise<void> {
  await recordEvent(database.prisma, {
    type: "request.refused",
    at: new Date(),
    actor: { kind: "person", email: "alice@example.com" },
    data: { durationSeconds: 60, reason, source: "command", why: "no" },
  });
  await sealer.seal();
}

function webhook(more: object = {}): SinkOptions {
  return SinkOptions.parse({
    type: "webhook",
    url: `${peer.address}/hook`,
    secret: "${SINK_SECRET}",
    ...more,
  });
}

const arrived = (reason: string) => async () => JSON.stringify(await peer.received()).includes(reason);

it("signs what it posts, so that a receiver can verify it as the documentation says", async () => {
  sinks.prepare(new Map([["hook", webhook()]]))();
  await record("a reason to be read");
  await until(arrived("a reason to be read"), "it is posted");
  const { request, body } = peer.requests[0]!;
  const timestamp = String(request.headers["hallpass-timestamp"]);
  const signature = createHmac("sha256", secret).update(`${timestamp}.${body}`).digest("hex");
  expect(request.headers["hallpass-signature"]).toBe(`sha256=${signature}`);
  expect(Math.abs(Date.now() / 1_000 - Number(timestamp))).toBeLessThan(60);
  expect(Batch.parse(JSON.parse(body)).records[0]).toMatchObject({
    kind: "event",
    sequence: 1,
    actor: "alice@example.com",
    data: { reason: "a reason to be read" },
  });
});

it("leaves people's tokens as they are where the policy says so", async () => {
  const known = peer.requests.length;
  sinks.prepare(new Map([["discreet", webhook({ personal: "sealed" })]]))();
  await until(() => peer.requests.length > known, "it is posted");
  const { body } = peer.requests[known]!;
  expect(Batch.parse(JSON.parse(body)).records[0]).toMatchObject({ type: "request.refused", sequence: 1 });
  expect(body).not.toContain("alice@example.com");
  expect(body).not.toContain("a reason to be read");
});

describeIf(await isInstalled("git"), "it needs git")("with a history in Git", () => {
  it("tells once that a sink lags and once that it has caught up, and shows the lag while others go on", async () => {
    sinks.prepare(
      new Map([
        ["hook", webhook()],
        ["history", SinkOptions.parse({ type: "git" })],
      ]),
    )();
    const lagOf = async (name: string) => (await sinks.lag()).find(({ sink }) => sink === name);
    await until(async () => (await sinks.lag()).every(({ events }) => events === 0), "all have everything");
    await peer.breakDown(true);
    await record("while it is down");
    await until(async () => (await lagOf("history"))?.events === 0, "the other one has it");
    await sinks.look();
    expect(told).toEqual([]);
    clock.advance(16 * 60_000);
    const another = startSinks();
    another.prepare(new Map([["hook", webhook()]]))();
    await Promise.all([sinks.look(), another.look()]);
    await sinks.look();
    expect(told).toEqual([
      expect.stringMatching(/^The audit's sink hook is 16 minutes behind: 1 events wait/),
    ]);
    const metrics = createMetrics();
    metrics.watchSinks(() => sinks.lag());
    const shown = await metrics.text();
    expect(shown).toContain('hallpass_audit_sink_lag_events{sink="hook"} 1');
    expect(shown).toMatch(/hallpass_audit_sink_lag_seconds\{sink="hook"\} 9[67]\d/);
    expect(shown).toContain('hallpass_audit_sink_lag_events{sink="history"} 0');
    await peer.breakDown(false);
    await until(async () => (await lagOf("hook"))?.events === 0, "it has caught up");
    await sinks.look();
    await sinks.look();
    expect(told.slice(1)).toEqual(["The audit's sink hook has caught up."]);
    await another.stop();
    expect(logged).toContain("did not take what it was sent");
    expect(logged).not.toContain(secret);
  });

  it("commits each decision to Git, whatever is in it, and goes by the repository and not by the database", async () => {
    const git = async (...args: readonly string[]) =>
      (await run("git", [`--git-dir=${join(dataDir, "sinks", "history.git")}`, ...args])).stdout;
    const log1 = async () =>
      (await git("log", "-1", "--format=%s%n%(trailers:key=Sequence,valueonly)")).trim();
    await record(hostile);
    await recordEvent(database.prisma, {
      type: "policy.refused",
      at: new Date(),
      actor: { kind: "person", email: 'eve\n\nSequence: 7\n"$(id)`@example.com' },
      data: { inForce: "abc", via: "watch", faults: [] },
    });
    await sealer.seal();
    await until(async () => (await log1().catch(() => "")).endsWith("4"), "all four are committed");
    expect(await log1()).toBe('policy refused by eve Sequence: 7 "$(id)`@example.com\n4');
    expect((await git("log", "--format=%s")).trim().split("\n")).toHaveLength(4);
    const before = await git("rev-parse", "main");
    sinks.prepare(new Map())();
    await sinks.stop();
    await rm(join(dataDir, "sinks"), { recursive: true });
    sinks = startSinks();
    sinks.prepare(new Map([["history", SinkOptions.parse({ type: "git" })]]))();
    await until(async () => (await log1().catch(() => "")).endsWith("4"), "all is committed again");
    expect(await git("rev-parse", "main")).toBe(before);
  });
});

it("gives a sink to one process at a time, and to another when that one ends", async () => {
  sinks.prepare(new Map([["hook", webhook()]]))();
  const locks = async () => {
    const client = new Client({ connectionString: test.url });
    await client.connect();
    const { rows } = await client.query(
      "select pid from pg_locks where locktype = 'advisory' and granted and database = (select oid from pg_database where datname = current_database()) and objsubid = 1 and pid in (select pid from pg_stat_activity where application_name = 'hallpass audit sink')",
    );
    await client.end();
    return rows.length;
  };
  await until(async () => (await locks()) === 1, "one holds it");
  const another = startSinks();
  another.prepare(new Map([["hook", webhook()]]))();
  await record("with two about");
  await until(arrived("with two about"), "it is posted");
  expect(await locks()).toBe(1);
  await sinks.stop();
  await record("after a change of hands");
  await until(arrived("after a change of hands"), "it is posted by the other");
  expect(JSON.stringify(await peer.received()).split("with two about")).toHaveLength(2);
  await another.stop();
  expect(await locks()).toBe(0);
});

it("refuses a policy whose secrets are missing or unfit, changes nothing, and does not repeat them", () => {
  const prepare = (options: object) => () => sinks.prepare(new Map([["hook", SinkOptions.parse(options)]]));
  expect(prepare({ type: "webhook", url: "https://a.example", secret: "${NONE}" })).toThrow(
    'Sink "hook" needs the environment variable NONE, which is not set.',
  );
  expect(prepare({ type: "webhook", url: "${SINK_SECRET}", secret: "${SINK_SECRET}" })).toThrow(
    'Sink "hook", url: expected an address such as https://siem.example.com/hook.',
  );
});

it.each([
  [{ type: "webhook", url: "http://siem.example.com", secret: "${S}" }, "expected https"],
  [{ type: "syslog", url: "tcp://siem.example.com:514" }, "expected tls"],
  [{ type: "git", remote: "ext::sh -c id" }, "expected https://"],
  [{ type: "git", remote: "--upload-pack=id" }, "expected https://"],
  [{ type: "git", branch: "../../x" }, "expected a branch"],
  [{ type: "splnk" }, "expected one of stdout, webhook, syslog, splunk, elasticsearch, s3, git"],
])("takes no sink such as %j", (options, why) => {
  expect(SinkOptions.safeParse(options).error?.issues[0]?.message).toContain(why);
});
