import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readConfig, readGroupConfig, readProxies, readStorageConfig, secretsFrom } from "../src/config.ts";
import { loadEnvFile } from "../src/env-file.ts";

const socketMode = { SLACK_BOT_TOKEN: "xoxb-1-canary", SLACK_APP_TOKEN: "xapp-1-canary" };
const httpMode = { SLACK_BOT_TOKEN: "xoxb-1-canary", SLACK_SIGNING_SECRET: "canary" };

function faultsIn(env: NodeJS.ProcessEnv): readonly string[] {
  const read = readConfig(env);
  return read.ok ? [] : read.faults;
}

test("two tokens are enough, and everything else has its default", () => {
  expect(readConfig(socketMode)).toEqual({
    ok: true,
    config: {
      slack: {
        botToken: "xoxb-1-canary",
        apiUrl: "https://slack.com/api/",
        transport: { mode: "socket", appToken: "xapp-1-canary" },
      },
      groups: { pagerDuty: undefined, opsgenie: undefined },
      http: { host: "127.0.0.1", port: 3000 },
      ops: { host: "127.0.0.1", port: 9464 },
      database: { url: undefined, dataDir: ".hallpass" },
      redisUrl: undefined,
      policyPath: "hallpass.yml",
      logLevel: "info",
    },
  });
});

test("HTTP mode listens where Slack can reach it", () => {
  expect(readConfig(httpMode)).toMatchObject({
    config: { slack: { transport: { mode: "http", signingSecret: "canary" } }, http: { host: "0.0.0.0" } },
  });
});

test.each([
  ["0.0.0.0:9464", { host: "0.0.0.0", port: 9464 }],
  ["[::]:9999", { host: "::", port: 9999 }],
  ["metrics.internal:80", { host: "metrics.internal", port: 80 }],
  ["0", undefined],
])("OPS_PORT=%s is a place of its own, or none", (OPS_PORT, ops) => {
  const read = readConfig({ ...httpMode, HOST: "192.0.2.1", OPS_PORT });
  expect(read).toMatchObject({ ok: true });
  expect(read.ok && read.config.ops).toEqual(ops);
});

test("Socket Mode wins where both are set", () => {
  expect(readConfig({ ...httpMode, ...socketMode })).toMatchObject({
    config: { slack: { transport: { mode: "socket" } } },
  });
});

test("where to crash is for tests only, and must be a place there is", () => {
  const crash = { ...socketMode, HALLPASS_CRASH_AT: "before grant" };
  expect(readConfig({ ...crash, NODE_ENV: "test" })).toMatchObject({ config: { crashAt: "before grant" } });
  for (const kind of ["", "production"])
    expect(faultsIn({ ...crash, NODE_ENV: kind })).toEqual([
      expect.stringMatching(/^HALLPASS_CRASH_AT has Hallpass kill itself .*leave it out\.$/),
    ]);
  expect(faultsIn({ ...crash, NODE_ENV: "test", HALLPASS_CRASH_AT: "before lunch" })).toEqual([
    expect.stringContaining("HALLPASS_CRASH_AT must name one of: before grant, after grant,"),
  ]);
});

test("everything can be set", () => {
  const env = {
    ...httpMode,
    SLACK_API_URL: "http://127.0.0.1:4000/api",
    PORT: "0",
    HOST: "::1",
    OPS_PORT: "9999",
    DATABASE_URL: "postgresql://hallpass:p%23w@db:5432/hallpass",
    HALLPASS_DATA_DIR: "/data",
    REDIS_URL: "rediss://cache:6380",
    HALLPASS_CONFIG: "/etc/hallpass",
    PAGERDUTY_API_TOKEN: "pd",
    OPSGENIE_API_KEY: "og",
    OPSGENIE_API_URL: "https://api.eu.opsgenie.com",
    LOG_LEVEL: "DEBUG",
  };
  expect(readConfig(env)).toMatchObject({
    ok: true,
    config: {
      slack: { apiUrl: "http://127.0.0.1:4000/api/" },
      groups: {
        pagerDuty: { token: "pd", url: "https://api.pagerduty.com/" },
        opsgenie: { token: "og", url: "https://api.eu.opsgenie.com/" },
      },
      http: { host: "::1", port: 0 },
      ops: { host: "127.0.0.1", port: 9999 },
      database: { url: env.DATABASE_URL, dataDir: "/data" },
      redisUrl: env.REDIS_URL,
      policyPath: "/etc/hallpass",
      logLevel: "debug",
    },
  });
});

test("blank counts as unset, and the line break after a pasted secret for nothing", () => {
  const blank = {
    DATABASE_URL: "",
    REDIS_URL: " ",
    PORT: "",
    OPS_PORT: "",
    HOST: "",
    LOG_LEVEL: "",
    SLACK_SIGNING_SECRET: "",
  };
  expect(readConfig({ ...socketMode, ...blank, SLACK_BOT_TOKEN: "xoxb-1-canary\n" })).toEqual(
    readConfig(socketMode),
  );
});

test("with nothing set, both ways to Slack are named and how to get each", () => {
  const faults = faultsIn({});
  expect(faults).toHaveLength(2);
  expect(faults[0]).toBe(
    "SLACK_BOT_TOKEN is missing: install the app from manifest.yml in your workspace and copy the “Bot User OAuth " +
      "Token” (it begins with xoxb-) from OAuth & Permissions.",
  );
  expect(faults[1]).toMatch(/SLACK_APP_TOKEN .* SLACK_SIGNING_SECRET .* xapp-.* “Signing Secret”/);
});

test("swapped tokens are said by their kind", () => {
  const [bot, app] = faultsIn({ SLACK_BOT_TOKEN: "xapp-1-canary", SLACK_APP_TOKEN: "xoxb-1-canary" });
  expect(bot).toMatch(/^SLACK_BOT_TOKEN must be one token that begins with xoxb-.* begins with xapp-:/);
  expect(app).toMatch(/^SLACK_APP_TOKEN must be one token that begins with xapp-.* begins with xoxb-:/);
});

test("all faults come at once, and none repeats what was set", () => {
  const faults = faultsIn({
    SLACK_BOT_TOKEN: "canary",
    SLACK_APP_TOKEN: "xapp-canary canary",
    SLACK_API_URL: "https://user:canary@slack.com/api",
    PAGERDUTY_API_TOKEN: "canary canary",
    OPSGENIE_API_KEY: "canary\u00e9",
    PORT: "canary",
    OPS_PORT: "canary",
    DATABASE_URL: "mysql://u:canary@h/d",
    REDIS_URL: "canary://h",
    LOG_LEVEL: "canary",
  });
  expect(faults.map((fault) => /^\w+/.exec(fault)?.[0])).toEqual([
    "SLACK_BOT_TOKEN",
    "SLACK_APP_TOKEN",
    "SLACK_API_URL",
    "PAGERDUTY_API_TOKEN",
    "OPSGENIE_API_KEY",
    "PORT",
    "OPS_PORT",
    "DATABASE_URL",
    "REDIS_URL",
    "LOG_LEVEL",
  ]);
  expect(faults.join("\n")).not.toContain("canary");
});

test.each([
  ["PORT", "65536"],
  ["PORT", "-1"],
  ["PORT", "3000.5"],
  ["PORT", "0x10"],
  ["OPS_PORT", "65536"],
  ["OPS_PORT", "0.0.0.0"],
  ["OPS_PORT", "::1:9464"],
  ["OPS_PORT", "http://localhost:9464"],
  ["DATABASE_URL", "postgres://u:pa#ss@host/db"],
  ["DATABASE_URL", "host=localhost"],
  ["REDIS_URL", "localhost:6379"],
  ["SLACK_API_URL", "ftp://slack.com/api"],
  ["SLACK_API_URL", "https://slack.com/api?x=1"],
  ["PAGERDUTY_API_TOKEN", "Token token=u+abc"],
  ["PAGERDUTY_API_URL", "api.eu.pagerduty.com"],
  ["OPSGENIE_API_KEY", "GenieKey abc"],
  ["OPSGENIE_API_URL", "https://api.opsgenie.com/?x=1"],
  ["LOG_LEVEL", "verbose"],
])("%s=%s is one fault, with a way to mend it", (name, value) => {
  const faults = faultsIn({ ...socketMode, [name]: value });
  expect(faults).toHaveLength(1);
  expect(faults[0]).toMatch(new RegExp(`^${name} must .*leave it out`));
});

test("commands without Slack ask for nothing of Slack's", () => {
  expect(readStorageConfig({})).toMatchObject({ ok: true, config: { database: { dataDir: ".hallpass" } } });
  expect(readStorageConfig({ LOG_LEVEL: "loud" })).toMatchObject({ ok: false, faults: [expect.any(String)] });
});

test("who is in a policy's groups can be asked without the rest of Slack, or without any of it", () => {
  expect(readGroupConfig({})).toEqual({
    ok: true,
    config: { slack: undefined, pagerDuty: undefined, opsgenie: undefined },
  });
  expect(readGroupConfig({ SLACK_BOT_TOKEN: "xoxb-1", PAGERDUTY_API_TOKEN: "pd" })).toMatchObject({
    config: {
      slack: { botToken: "xoxb-1", apiUrl: "https://slack.com/api/" },
      pagerDuty: { token: "pd", url: "https://api.pagerduty.com/" },
    },
  });
  expect(readGroupConfig({ SLACK_BOT_TOKEN: "xapp-1", OPSGENIE_API_URL: "x" })).toEqual({
    ok: false,
    faults: [expect.stringMatching(/^SLACK_BOT_TOKEN must/), expect.stringMatching(/^OPSGENIE_API_URL must/)],
  });
});

test("a policy's references are found in the environment; blank ones and what every object has are not", () => {
  const secret = secretsFrom({ ORDERS_DATABASE_URL: " as written ", BLANK: " " });
  expect(secret("ORDERS_DATABASE_URL")).toBe(" as written ");
  expect([secret("BLANK"), secret("MISSING"), secret("toString")]).toEqual([undefined, undefined, undefined]);
});

describe("a .env file", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "hallpass-env-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  test("may be missing", () => {
    expect(loadEnvFile(join(folder, ".env"))).toBeUndefined();
  });

  test("that is a folder is a fault", () => {
    expect(loadEnvFile(folder)).toMatch(/cannot be read/);
  });

  test.each([
    [
      "everything that may stand there",
      "\uFEFF# a comment\n\nexport A=1\r\nB = 'x\ny' # more\nC=\"z\"\nD=\n  # HOST='x\n",
      undefined,
    ],
    ["a name alone", "HALLPASS_TEST_A=1\nSLACK_BOT_TOKEN\n", 2],
    ["a colon instead of =", "HALLPASS_TEST_A='1\n2'\nSLACK_BOT_TOKEN: xoxb-canary\n", 3],
    ["a quote that is not closed", 'HALLPASS_TEST_A=1\nSLACK_BOT_TOKEN="xoxb-canary\n', 2],
  ])("with %s", async (_title, text, line) => {
    const path = join(folder, ".env");
    await writeFile(path, text);
    expect(loadEnvFile(path)).toBe(
      line === undefined
        ? undefined
        : `${path}:${line}: expected NAME=value or a # comment, got something else.`,
    );
  });
});

test("proxies are read in either case, the lower first, and HTTP_PROXY is for https where nothing else is", () => {
  const http = { name: "HTTP_PROXY", url: "http://proxy.example.com:3128" };
  expect(readProxies({})).toEqual({
    ok: true,
    config: { http: undefined, https: undefined, exceptions: "" },
  });
  expect(readProxies({ HTTP_PROXY: http.url, http_proxy: " ", NO_PROXY: "localhost" })).toEqual({
    ok: true,
    config: { http, https: http, exceptions: "localhost" },
  });
  const https = { name: "https_proxy", url: "https://u:p%40@proxy.example.com" };
  expect(
    readProxies({ HTTP_PROXY: http.url, https_proxy: https.url, HTTPS_PROXY: "http://x", no_proxy: "*" }),
  ).toEqual({ ok: true, config: { http, https, exceptions: "*" } });
});

test.each([
  "socks5://user:canary@proxy.example.com:1080",
  "proxy.example.com:3128",
  "http://canary@proxy.example.com:3128",
  "http://user:canary%@proxy.example.com:3128",
  "http://user:canary@proxy.example.com:3128/path",
  "canary",
])("a proxy that can't be used is refused, by its setting: %s", (url) => {
  const faults = [
    expect.stringMatching(
      /^https_proxy must look like http:\/\/proxy\.example\.com:3128 .* socks5, are not supported/,
    ),
  ];
  expect(faultsIn({ ...socketMode, https_proxy: url })).toEqual(faults);
  expect(readGroupConfig({ https_proxy: url })).toEqual({ ok: false, faults });
  expect(JSON.stringify(readProxies({ https_proxy: url }))).not.toContain("canary");
});
