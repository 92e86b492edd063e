import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describeIf } from "../support/describe-if.ts";
import type { Playpen } from "../support/embedded.ts";
import { createPlaypen, endChild, query } from "../support/embedded.ts";

let pen: Playpen;

beforeEach(async () => {
  pen = await createPlaypen();
});

afterEach(() => pen.close());

test("the first start makes a database, and the second finds what was written", async () => {
  const first = await pen.start();
  expect(first.adopted).toBe(false);
  await query(first.ownerUrl, "CREATE TABLE kept AS SELECT 'Grüße' AS word");
  const [settings] = await query(
    first.url,
    `SELECT current_setting('listen_addresses') AS addresses, current_setting('fsync') AS fsync,
            current_setting('server_encoding') AS encoding, current_database() AS name`,
  );
  expect(settings).toEqual({
    addresses: "127.0.0.1",
    fsync: "on",
    encoding: "UTF8",
    name: "hallpass",
  });
  const record = await readFile(join(pen.dataDir, "postgres/data/postmaster.pid"), "utf8");
  const [, , , , socketDirectory] = record.split("\n");
  expect(socketDirectory).toBe("");
  await first.stop();
  await expect(query(first.ownerUrl, "SELECT 1")).rejects.toMatchObject({ code: "ECONNREFUSED" });

  const second = await pen.start();
  expect(second).toMatchObject({ adopted: false, url: first.url });
  expect(await query(second.ownerUrl, "SELECT word FROM kept")).toEqual([{ word: "Grüße" }]);
});

test("only its password opens it, for each role", async () => {
  const { url, ownerUrl } = await pen.start();
  for (const each of [url, ownerUrl]) {
    const wrong = Object.assign(new URL(each), { password: "guessed" }).href;
    await expect(query(wrong, "SELECT 1")).rejects.toMatchObject({ code: "28P01" });
  }
});

test("a bot killed with -9 leaves its server behind; the next one adopts it and stops it at its end", async () => {
  const killed = await pen.startChild("owner");
  await query(killed.ownerUrl, "CREATE TABLE kept AS SELECT 1 AS one");
  await endChild(killed, "kill -9");
  const pid = await pen.serverPid();

  const next = await pen.start();
  expect(next).toMatchObject({ adopted: true, url: killed.url });
  expect(await pen.serverPid()).toBe(pid);
  expect(await query(next.ownerUrl, "SELECT one FROM kept")).toEqual([{ one: 1 }]);
  await next.stop();
  await expect(query(next.ownerUrl, "SELECT 1")).rejects.toMatchObject({ code: "ECONNREFUSED" });
});

test("of two processes that start at once one makes the data and the other adopts the server", async () => {
  const children = await Promise.all([pen.startChild("owner"), pen.startChild("owner")]);
  expect(children.filter(({ adopted }) => adopted)).toHaveLength(1);
  expect(children[0].url).toBe(children[1].url);
  const [adopter, starter] = children[0].adopted ? children : [children[1], children[0]];

  // The one that came second takes nothing from under the first.
  await endChild(adopter, "stop");
  expect(await query(starter.ownerUrl, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
  await endChild(starter, "stop");
  await expect(query(starter.ownerUrl, "SELECT 1")).rejects.toMatchObject({ code: "ECONNREFUSED" });
});

test("a command leaves the bot's server running", async () => {
  const bot = await pen.start();
  const command = await pen.start("borrower");
  expect(command).toMatchObject({ adopted: true, url: bot.url });
  await command.stop();
  expect(await query(bot.ownerUrl, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
});

test("a command stops the server it had to start, unless a bot has come to use it", async () => {
  const alone = await pen.start("borrower");
  await alone.stop();
  await expect(query(alone.ownerUrl, "SELECT 1")).rejects.toMatchObject({ code: "ECONNREFUSED" });

  const command = await pen.start("borrower");
  const bot = await pen.start();
  expect(bot.adopted).toBe(true);
  await command.stop();
  expect(await query(bot.ownerUrl, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
  await bot.stop();
  await expect(query(bot.ownerUrl, "SELECT 1")).rejects.toMatchObject({ code: "ECONNREFUSED" });
});

test("a server killed with -9 is started again and recovers", async () => {
  const first = await pen.start();
  await query(first.ownerUrl, "CREATE TABLE kept AS SELECT 1 AS one");
  const pid = await pen.serverPid();
  process.kill(pid ?? 0, "SIGKILL");
  const second = await pen.start();
  expect(second.adopted).toBe(false);
  expect(await pen.serverPid()).not.toBe(pid);
  expect(await query(second.ownerUrl, "SELECT one FROM kept")).toEqual([{ one: 1 }]);
});

// Only Linux shows a process's environment as a file.
const describeOnLinux = describeIf(process.platform === "linux", "it reads /proc");

describeOnLinux("the server's process", () => {
  test("is given none of our environment, which holds secrets", async () => {
    process.env["SLACK_BOT_TOKEN"] = "xoxb-do-not-pass-on";
    await pen.start();
    const environment = await readFile(`/proc/${await pen.serverPid()}/environ`, "latin1");
    expect(environment).toContain("LC_ALL=C");
    expect(environment).not.toContain("xoxb-do-not-pass-on");
  });
});
