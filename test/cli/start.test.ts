import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { createDatabase } from "../support/database.ts";
import type { TestDatabase } from "../support/database.ts";
import { startSlack } from "../support/slack.ts";
import type { Slack } from "../support/slack.ts";
import { emptyFolder, hallpass, spawnHallpass } from "./run-hallpass.ts";
import type { Run } from "./run-hallpass.ts";

const example = fileURLToPath(new URL("../../hallpass.example.yml", import.meta.url));
const tokens = { SLACK_BOT_TOKEN: "xoxb-canary", SLACK_APP_TOKEN: "xapp-canary" };

describe("what is wrong is said at once, in words, and nothing is started", () => {
  let cwd: string;
  beforeEach(async () => {
    cwd = await emptyFolder();
  });
  afterEach(() => rm(cwd, { recursive: true }));

  test("settings, as a list", async () => {
    const { code, stdout, stderr } = await hallpass(["start"], { cwd, env: { PORT: "canary" } });
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr.split("\n")).toEqual([
      "Hallpass can't start with these settings:",
      expect.stringMatching(/^ {2}- SLACK_BOT_TOKEN is missing: /),
      expect.stringMatching(/^ {2}- SLACK_APP_TOKEN and SLACK_SIGNING_SECRET are both missing/),
      expect.stringMatching(/^ {2}- PORT must be/),
      "",
    ]);
  });

  test("the policy, a fault a line", async () => {
    await writeFile(join(cwd, "hallpass.yml"), "version: 2\nrulez: []\n");
    const { code, stdout, stderr } = await hallpass(["start"], { cwd, env: tokens });
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^hallpass\.yml:1:\d+: .*\n(?:hallpass\.yml:\d+:\d+: .*\n)+$/);
  });

  test("secrets the policy refers to", async () => {
    const { code, stderr } = await hallpass(["start"], { cwd, env: { ...tokens, HALLPASS_CONFIG: example } });
    expect(code).toBe(1);
    expect(stderr).toBe(
      `Hallpass can't start with this policy:\n  - ORDERS_DATABASE_URL is missing: ${example} refers to it as \${ORDERS_DATABASE_URL}.\n`,
    );
  });
});

const Line = z.looseObject({ level: z.number(), msg: z.string(), port: z.number().optional() });
type Line = z.infer<typeof Line>;

interface Started {
  readonly child: ChildProcessWithoutNullStreams;
  /** Resolves with the first line of the log that says so, earlier or later. */
  said(message: RegExp): Promise<Line>;
  /** Resolves at its end. */
  readonly ended: Promise<{
    readonly code: number | null;
    readonly stderr: string;
    readonly log: readonly Line[];
  }>;
}

/** Starts the bot; every line on its standard output must be JSON. */
function startBot(run: Run): Started {
  const child = spawnHallpass(["start"], run);
  const log: Line[] = [];
  const lines = createInterface(child.stdout).on("line", (line) => log.push(Line.parse(JSON.parse(line))));
  const stderr = text(child.stderr);
  const closed = once(child, "close");
  const ended = Promise.all([closed, stderr]).then(([, words]) => ({
    code: child.exitCode,
    stderr: words,
    log,
  }));
  async function said(message: RegExp): Promise<Line> {
    for (;;) {
      const found = log.find(({ msg }) => message.test(msg));
      if (found) return found;
      if (child.exitCode !== null) throw new Error(`It ended: ${await stderr}${JSON.stringify(log)}`);
      await Promise.race([once(lines, "line"), closed]);
    }
  }
  return { child, said, ended };
}

describe("the running bot", () => {
  let slack: Slack;
  let database: TestDatabase;
  let run: Run;
  let bot: Started | undefined;

  beforeEach(async () => {
    slack = await startSlack();
    database = await createDatabase();
    run = {
      env: {
        SLACK_BOT_TOKEN: slack.tokens.bot,
        SLACK_APP_TOKEN: slack.tokens.app,
        SLACK_API_URL: slack.apiUrl,
        HALLPASS_CONFIG: example,
        ORDERS_DATABASE_URL: database.url,
        DATABASE_URL: database.workUrl,
        PORT: "0",
        OPS_PORT: "0",
      },
    };
  });
  afterEach(async () => {
    bot?.child.kill("SIGKILL");
    await bot?.ended;
    await slack.close();
    await database.close();
  });

  test.each(["SIGTERM", "SIGINT"] as const)("is ready, and ends in order on %s", async (signal) => {
    bot = startBot(run);
    const { port } = await bot.said(/is ready/);
    expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200);
    bot.child.kill(signal);
    const { code, stderr, log } = await bot.ended;
    expect([code, stderr]).toEqual([0, ""]);
    // That the server lacks the policy's roles is said, and nothing else.
    const complaints = log.filter(({ level }) => level > 30).map((line) => JSON.stringify(line));
    expect(complaints.filter((line) => !line.includes("does not exist"))).toEqual([]);
    expect(JSON.stringify(log)).not.toContain(slack.tokens.bot);
  });

  test("that waits for a database still ends when it is told to", async () => {
    bot = startBot({ env: { ...run.env, DATABASE_URL: "postgres://u:canary@127.0.0.1:1/x" } });
    await bot.said(/Waiting for the database/);
    bot.child.kill("SIGTERM");
    const { code, log } = await bot.ended;
    expect(code).toBe(0);
    expect(JSON.stringify(log)).not.toContain("canary");
  });

  test("ends at once on a second signal, as a failure", async () => {
    // It takes the connection and says nothing, so that the first signal is waited with.
    const silent = createServer().listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = z.object({ port: z.number() }).parse(silent.address());
    bot = startBot({ env: { ...run.env, DATABASE_URL: `postgres://u:p@127.0.0.1:${port}/x` } });
    await once(silent, "connection");
    bot.child.kill("SIGTERM");
    await bot.said(/Hallpass stops/);
    bot.child.kill("SIGTERM");
    expect((await bot.ended).code).toBe(1);
    silent.close();
  });

  test.each([
    ["a rejection nobody handles", "Promise.reject(new Error('xoxb-canary'))"],
    ["an exception nobody catches", "(() => { throw new Error('xoxb-canary') })()"],
  ])("ends with a word in the log on %s", async (_title, bug) => {
    const trap = `data:text/javascript,${encodeURIComponent(`process.on("SIGUSR2", () => ${bug})`)}`;
    bot = startBot({ ...run, nodeOptions: ["--import", trap] });
    await bot.said(/is ready/);
    bot.child.kill("SIGUSR2");
    const { code, log } = await bot.ended;
    expect(code).toBe(1);
    expect(log.at(-1)).toMatchObject({ level: 60, err: { message: "xoxb-***", stack: expect.any(String) } });
  });

  test("says in one line that its port is taken", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = z.object({ port: z.number() }).parse(other.address());
    bot = startBot({ env: { ...run.env, PORT: String(port) } });
    const { code, stderr } = await bot.ended;
    other.close();
    expect(code).toBe(1);
    expect(stderr).toBe(
      `Hallpass can't listen on 127.0.0.1:${port}: it is taken by another process; end that, or set PORT to another port.\n`,
    );
  });
});
