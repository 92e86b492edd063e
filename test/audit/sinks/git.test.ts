import { execFile } from "node:child_process";
import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { pino } from "pino";
import { Client } from "pg";
import { type Sealer, startSealer } from "../../../src/audit/chain/seal.ts";
import { followChain, type Follower } from "../../../src/audit/sinks/follow.ts";
import { readSinkLag } from "../../../src/audit/sinks/lag.ts";
import { createMovableClock } from "../../../src/persistence/database/clock.ts";
import { type Database, openDatabase } from "../../../src/persistence/database/database.ts";
import { createDatabase, type TestDatabase } from "../../support/database.ts";
import { describeIf } from "../../support/describe-if.ts";
import { isInstalled } from "../../support/is-installed.ts";
import { Received, sinkOf, until } from "./peer.ts";

const run = promisify(execFile);
const log = pino({ level: "silent" });
const clock = createMovableClock();
const rhythm = { lookMs: 15, standByMs: 15, firstRetryMs: 15, gatherMs: 15 };

describeIf(await isInstalled("git"), "it needs git")("a branch that others commit to as well", () => {
  let home: string;
  let remote: string;
  let theirs: string;
  let test: TestDatabase;
  let database: Database;
  let client: Client;
  let sealer: Sealer;
  let following: Follower | undefined;
  let machines: number;
  let told: string[];

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), "hallpass-git-"));
    remote = join(home, "remote.git");
    theirs = join(home, "theirs");
    await run("git", ["init", "--quiet", "--bare", "--initial-branch=main", remote]);
    test = await createDatabase();
    database = openDatabase(test.url);
    client = new Client({ connectionString: test.url });
    await client.connect();
    sealer = startSealer({ db: database.prisma, log });
    machines = 0;
    told = [];
    following = undefined;
  });
  afterEach(async () => {
    await following?.stop();
    await sealer.stop();
    await client.end();
    await database.close();
    await test.close();
    await rm(home, { recursive: true, force: true });
  });

  /** As the next start on the same machine follows, or on one that was never here. */
  async function followed({ onAnother = false } = {}): Promise<void> {
    await following?.stop();
    if (onAnother) machines += 1;
    following = followChain(
      { databaseUrl: test.url, db: database.prisma, clock, log, rhythm, tell: (text) => told.push(text) },
      "history",
      sinkOf({ type: "git", remote }, join(home, `machine-${machines}`)),
      true,
    );
  }

  async function add(count: number): Promise<void> {
    await client.query(
      `insert into audit_events (id, at, type, actor_kind, actor_email, data)
       select gen_random_uuid(), timestamptz '2026-11-30 23:50:00Z' + n * interval '1 minute', 'request.cancelled',
              'person', 'alice@example.com', '{}'
       from generate_series(1, $1::int) n`,
      [count],
    );
    await sealer.seal();
  }

  async function arrived(last: number): Promise<void> {
    await until(async () => (await places()).includes(last), `place ${last} is there`);
    const [lag] = await readSinkLag(database.prisma, clock, ["history"]);
    await until(
      async () => (await readSinkLag(database.prisma, clock, ["history"]))[0]?.events === 0,
      `that is known, ${JSON.stringify(lag)}`,
    );
  }

  /** It may be there before it is told. */
  async function isTold(): Promise<void> {
    await until(() => Promise.resolve(told.length > 0), "it is told");
  }

  /** What others read, in the order of the files. */
  async function records(): Promise<readonly Received[]> {
    const there = async (...args: readonly string[]): Promise<string> =>
      (await run("git", [`--git-dir=${remote}`, ...args], { maxBuffer: 1e9 })).stdout;
    if ((await there("for-each-ref")) === "") return [];
    const names = (await there("ls-tree", "--name-only", "main")).split("\n");
    const files = names.filter((name) => name.endsWith(".jsonl"));
    const texts = await Promise.all(files.map((file) => there("cat-file", "blob", `main:${file}`)));
    return texts
      .join("")
      .split("\n")
      .flatMap((line) => (line.startsWith("{") ? [Received.parse(JSON.parse(line))] : []));
  }

  const places = async (): Promise<readonly number[]> => (await records()).map(({ sequence }) => sequence);

  const upTo = (last: number): readonly number[] => Array.from({ length: last }, (_, index) => index + 1);

  /** Somebody else, in a clone of the branch as it stands. */
  async function git(...args: readonly string[]): Promise<string> {
    const who = ["-c", "user.name=Mallory", "-c", "user.email=mallory@example.com"];
    return (await run("git", ["-C", theirs, ...who, ...args])).stdout.trim();
  }

  async function commit(message: string, change: (file: string) => Promise<void> = () => Promise.resolve()) {
    await rm(theirs, { recursive: true, force: true });
    await run("git", ["clone", "--quiet", "--branch", "main", remote, theirs]);
    await change(join(theirs, "2026-11.jsonl"));
    await git("add", "--all");
    await git("commit", "--quiet", "--allow-empty", "--message", message);
    await git("push", "--quiet", "origin", "main");
    return git("rev-parse", "HEAD");
  }

  async function sent(count: number): Promise<void> {
    await add(count);
    await followed();
    await arrived(count);
  }

  it("appends the next batch once, on top of what somebody else has committed", async () => {
    await sent(5);
    const id = await commit("Say what this is", (file) => writeFile(join(file, "../README"), "An audit.\n"));
    await add(3);
    await arrived(8);
    expect(await places()).toEqual(upTo(8));
    await followed({ onAnother: true });
    await add(1);
    await arrived(9);
    expect(await places()).toEqual(upTo(9));
    expect((await run("git", [`--git-dir=${remote}`, "show", "main:README"])).stdout).toBe("An audit.\n");
    await expect(
      run("git", [`--git-dir=${remote}`, "merge-base", "--is-ancestor", id, "main"]),
    ).resolves.toBeTruthy();
    expect(told).toEqual([]);
  });

  it("is not stopped by a commit that says a place the chain does not have, and tells of it once", async () => {
    await sent(5);
    const id = await commit("Nothing to see here\n\nSequence: 999999");
    await add(2);
    await arrived(7);
    expect(await places()).toEqual(upTo(7));
    expect(following?.atOdds()).toBe(1);
    await followed({ onAnother: true });
    await add(1);
    await arrived(8);
    await followed();
    await add(1);
    await arrived(9);
    expect(await places()).toEqual(upTo(9));
    expect(told).toEqual([
      `The audit's sink history is not as Hallpass left it: commit ${id.slice(0, 12)} says place 999999, which the chain does ` +
        "not have. Nothing of it is believed, and what is due is sent all the same. Find out who writes there.",
    ]);
  });

  it("tells of a commit that says another hash than the chain has", async () => {
    await sent(3);
    const id = await commit(`Copied\n\nSequence: 2\nHash: ${"0".repeat(64)}`);
    await add(1);
    await arrived(4);
    expect(await places()).toEqual(upTo(4));
    await isTold();
    expect(told).toEqual([
      expect.stringContaining(`commit ${id.slice(0, 12)} says place 2, otherwise than the chain has it`),
    ]);
  });

  it("goes by what the branch holds, and not by an empty commit that repeats an earlier place with its hash", async () => {
    await sent(6);
    const [, second] = await records();
    await commit(`Copied\n\nSequence: 2\nHash: ${second?.hash}`);
    await followed({ onAnother: true });
    await add(2);
    await arrived(8);
    expect(await places()).toEqual(upTo(8));
    expect(told).toEqual([]);
  });

  it("does not take a forged line for a record that was sent, and tells of it", async () => {
    await sent(3);
    await commit("Two more", async (file) => {
      const line = (sequence: number) =>
        `{"kind":"event","sequence":${sequence},"hash":"${"0".repeat(64)}"}\n`;
      await appendFile(file, line(4) + line(999_999));
      await appendFile(file, `{"kind":"missing","sequence":4,"hash":null}\n`);
    });
    await add(2);
    await arrived(5);
    const hashes = (await records()).filter(({ hash }) => hash !== null && !/^0+$/u.test(hash));
    expect(hashes.map(({ sequence }) => sequence)).toEqual(upTo(5));
    await isTold();
    expect(told).toHaveLength(1);
    expect(told[0]).toContain("2026-11.jsonl holds place 4, otherwise than the chain has it");
    expect(told[0]).toContain("2026-11.jsonl holds place 999999, which the chain does not have");
  });

  it("sends again what somebody took away from the branch, at the end or in the middle, and tells of it", async () => {
    await sent(6);
    await commit("Less", async (file) => {
      const lines = (await readFile(file, "utf8")).split("\n");
      await writeFile(file, lines.filter((line) => !line.includes('"sequence":3,')).join("\n"));
    });
    await add(1);
    await arrived(7);
    expect((await places()).toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 4, 5, 5, 6, 6, 7]);
    await isTold();
    expect(told).toEqual([expect.stringContaining("what was sent after place 2 was not there")]);
  });

  it("leaves what others wrote into its file as it is, to the byte, and begins on a line of its own", async () => {
    await sent(2);
    const note = Buffer.from([0x6e, 0xf6, 0x74, 0x65]);
    await commit("A note", (file) => appendFile(file, note));
    await add(1);
    await arrived(3);
    const { stdout } = await run("git", [`--git-dir=${remote}`, "show", "main:2026-11.jsonl"], {
      encoding: "buffer",
    });
    expect(stdout.includes(Buffer.concat([note, Buffer.from('\n{"')]))).toBe(true);
    expect(await places()).toEqual(upTo(3));
  });

  it("sends all again where the history was replaced by another, and tells of it", async () => {
    await sent(4);
    await commit("Anew");
    await git("checkout", "--quiet", "--orphan", "other");
    await git("rm", "-r", "--quiet", "--cached", ".");
    await rm(join(theirs, "2026-11.jsonl"));
    await git("commit", "--quiet", "--allow-empty", "--message", "Sequence: 4\n\nSequence: 4");
    await git("push", "--quiet", "--force", "origin", "other:main");
    await add(1);
    await arrived(5);
    expect(await places()).toEqual(upTo(5));
    await isTold();
    expect(told).toEqual([expect.stringContaining("its history was written anew, without commit")]);
    expect(told[0]).toContain("what was sent after place 0 was not there");
  });

  it("pushes the branch again where it was deleted, and tells of it", async () => {
    await sent(4);
    await run("git", [`--git-dir=${remote}`, "update-ref", "-d", "refs/heads/main"]);
    await followed();
    await arrived(4);
    expect(await places()).toEqual(upTo(4));
    await isTold();
    expect(told).toEqual([expect.stringContaining("was gone")]);
  });

  it("appends nothing twice after a process that pushed and died before it could count it", async () => {
    await sent(4);
    await following?.stop();
    await client.query("delete from audit_cursors where name like 'sink:history%'");
    await followed({ onAnother: true });
    await until(
      async () => (await readSinkLag(database.prisma, clock, ["history"]))[0]?.events === 0,
      "it counts what is there",
    );
    await add(1);
    await arrived(5);
    expect(await places()).toEqual(upTo(5));
    expect(told).toEqual([]);
  });
});
