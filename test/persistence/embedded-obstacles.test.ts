import { spawn } from "node:child_process";
import { once } from "node:events";
import { chown, cp, mkdir, readFile, realpath, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { findBinaries, locatePackage } from "../../src/persistence/embedded/binaries.ts";
import { EmbeddedPostgresError } from "../../src/persistence/embedded/error.ts";
import { settle } from "../../src/persistence/embedded/place.ts";
import { describeIf } from "../support/describe-if.ts";
import type { Playpen } from "../support/embedded.ts";
import { createPlaypen, endChild, query } from "../support/embedded.ts";

let pen: Playpen;

beforeEach(async () => {
  pen = await createPlaypen();
});

afterEach(() => pen.close());

test("a stale postmaster.pid is no obstacle, even when its process id is somebody else's by now", async () => {
  const first = await pen.start();
  const record = await readFile(join(pen.dataDir, "postgres/data/postmaster.pid"), "utf8");
  await first.stop();
  const [, ...rest] = record.split("\n");
  await writeFile(join(pen.dataDir, "postgres/data/postmaster.pid"), [process.pid, ...rest].join("\n"));
  const second = await pen.start();
  expect(second.adopted).toBe(false);
  expect(await query(second.ownerUrl, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
});

test("an empty postmaster.pid, left by a server killed at its very start, is no obstacle", async () => {
  const first = await pen.start();
  await first.stop();
  await writeFile(join(pen.dataDir, "postgres/data/postmaster.pid"), "");
  const again = await pen.start();
  expect(await query(again.ownerUrl, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
});

test("a server that is shutting down is waited for", async () => {
  const first = await pen.start();
  const client = new Client({ connectionString: first.ownerUrl });
  await client.connect();
  // A smart shutdown lets nobody in and waits for those who are.
  process.kill((await pen.serverPid()) ?? 0, "SIGTERM");
  const second = pen.start();
  await client.end();
  expect((await second).adopted).toBe(false);
  expect(await query((await second).ownerUrl, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
});

test("a lock left by a killed process is taken over", async () => {
  await (await pen.start()).stop();
  const dead = spawn(process.execPath, ["--version"], { stdio: "ignore" });
  await once(dead, "exit");
  const lock = join(pen.dataDir, "postgres/lock");
  await writeFile(lock, JSON.stringify({ pid: dead.pid, host: hostname(), token: "old" }));
  expect(await query((await pen.start()).ownerUrl, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
  await expect(stat(lock)).rejects.toMatchObject({ code: "ENOENT" });
});

test("a port taken by somebody else is left to them", async () => {
  const first = await pen.start();
  await first.stop();
  const { port } = new URL(first.url);
  const other = createServer().listen(Number(port), "127.0.0.1");
  await once(other, "listening");
  try {
    const second = await pen.start();
    expect(new URL(second.url).port).not.toBe(port);
    expect(await query(second.ownerUrl, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
  } finally {
    other.close();
  }
});

test("data of another major version are refused, and left alone", async () => {
  await (await pen.start()).stop();
  const versionFile = join(pen.dataDir, "postgres/data/PG_VERSION");
  await writeFile(versionFile, "15\n");
  await expect(pen.start()).rejects.toThrow(
    /made by PostgreSQL 15, but this Hallpass brings PostgreSQL \d+: .*pg_dump/,
  );
  await expect(pen.start()).rejects.toBeInstanceOf(EmbeddedPostgresError);
  expect(await readFile(versionFile, "utf8")).toBe("15\n");
});

test("passwords that are missing, or are none, are said and not guessed", async () => {
  await (await pen.start()).stop();
  const path = join(pen.dataDir, "database-passwords.json");
  const kept = await readFile(path, "utf8");
  await rm(path);
  await expect(pen.start()).rejects.toThrow(/database-passwords\.json is missing.*put it back/);
  await writeFile(path, kept.slice(0, 20));
  await expect(pen.start()).rejects.toThrow(/database-passwords\.json must hold the passwords.*put it back/);
  await writeFile(path, kept);
  expect(await query((await pen.start()).ownerUrl, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
});

test("a data directory that can't be one is said in one line", async () => {
  await writeFile(join(pen.dataDir, "file"), "");
  const starting = pen.start("owner", join(pen.dataDir, "file/data"));
  await expect(starting).rejects.toBeInstanceOf(EmbeddedPostgresError);
  await expect(starting).rejects.toThrow(
    /^The data directory .*\/file\/data must be writable.*HALLPASS_DATA_DIR.*\.$/,
  );
});

// Only root can become somebody else.
const describeAsRoot = describeIf(process.getuid?.() === 0, "not root");

describeAsRoot("users of the operating system", () => {
  test("an ordinary user needs no other user, and is told whose data they are", async () => {
    const ids = { uid: 65_534, gid: 65_534 };
    await chown(pen.dataDir, ids.uid, ids.gid);
    const child = await pen.startChild("owner", ids);
    expect((await stat(join(pen.dataDir, "postgres/data"))).uid).toBe(ids.uid);
    await endChild(child, "stop");
    await expect(query(child.ownerUrl, "SELECT 1")).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  test("root's data go where the server's user can reach them", async () => {
    const closed = join(pen.dataDir, "closed");
    await mkdir(closed, { mode: 0o700 });
    const first = await pen.start("owner", closed);
    const place = await realpath(join(closed, "postgres"));
    try {
      expect(place).toMatch(/^\/var\/lib\/hallpass\/[0-9a-f]+$/);
      await query(first.ownerUrl, "CREATE TABLE kept AS SELECT 1 AS one");
      await first.stop();
      expect(await query((await pen.start("owner", closed)).ownerUrl, "SELECT one FROM kept")).toEqual([
        { one: 1 },
      ]);
    } finally {
      await pen.stopAll();
      await rm(place, { recursive: true, force: true });
    }
  });

  test("programs the server's user can't reach are copied to where it can", async () => {
    const closed = join(pen.dataDir, "closed");
    await mkdir(closed, { mode: 0o700 });
    await cp(await locatePackage(), join(closed, "native"), { recursive: true });
    const { root, user } = await settle(pen.dataDir, { info: () => undefined });
    const binaries = await findBinaries(root, user, join(closed, "native"));
    expect(await binaries.run("postgres", ["--version"])).toMatch(/^postgres \(PostgreSQL\) \d+/);
    expect(await binaries.run("initdb", ["--version"])).toContain(binaries.major);
  });
});
