import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Office, openOffice } from "../support/access.ts";
import { type ProviderServer, startProviderServer } from "../support/provider-server.ts";
import { type Slack, startSlack } from "../support/slack.ts";
import { emptyFolder, hallpass } from "./run-hallpass.ts";

let office: Office;
let folder: string;
let slack: Slack;
const servers: ProviderServer[] = [];
beforeAll(async () => {
  office = await openOffice();
  office.provider.behave.identity = () => Promise.resolve("http the test's own");
  folder = await emptyFolder();
  slack = await startSlack();
  await office.approved(3600);
  await office.drain();
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.close()));
  await rm(folder, { recursive: true, force: true });
  await slack?.close();
  await office?.close();
});

/** What a check says of a policy whose provider leads to this endpoint. */
async function checked(
  { url, token }: { readonly url: string; readonly token?: string },
  name = "orders-postgres",
  ...args: readonly string[]
) {
  const provider = '{ type: http, url: "${TOOL_URL}", token: "${TOOL_TOKEN}" }';
  await writeFile(
    join(folder, "hallpass.yml"),
    `version: 1
settings: { channel: "#access-requests", alerts: "#access-alerts" }
providers: { ${name}: ${provider} }
resources: { tool: { provider: ${name}, roles: { admin: { title: All, grant: { level: admin } } } } }
rules:
  - { name: all, requesters: [everyone], access: ["tool:admin"], decision: allow }
`,
  );
  const env = {
    DATABASE_URL: office.workUrl,
    SLACK_BOT_TOKEN: slack.tokens.bot,
    SLACK_API_URL: slack.apiUrl,
    TOOL_URL: url,
    ...(token !== undefined && { TOOL_TOKEN: token }),
  };
  return hallpass(["policy", "check", "--live", ...args], { cwd: folder, env });
}

async function endpoint(id: string): Promise<ProviderServer> {
  const server = await startProviderServer(undefined, { id });
  servers.push(server);
  return server;
}

test("a policy that leads elsewhere than live access was granted is warned of, with the requests", async () => {
  const elsewhere = await endpoint("another tool");
  for (const name of ["orders-postgres", "orders-tool"]) {
    const { code, stdout } = await checked(elsewhere, name);
    expect(stdout).toMatch(
      /^orders-postgres: warning: live access of AR-\d+ was granted on http the test's own, where no provider of the policy leads now: it cannot be ended until one does\n/u,
    );
    expect([code, stdout]).toEqual([0, expect.stringContaining("hallpass.yml is fine")]);
  }
});

test("one that leads there is not, whatever it calls the provider", async () => {
  const there = await endpoint("the test's own");
  for (const name of ["orders-postgres", "orders-tool"])
    expect(await checked(there, name)).toMatchObject({
      code: 0,
      stdout: expect.not.stringContaining("warning: live access"),
    });
});

test("what keeps a provider from its work is said, and what is away is not said to be elsewhere", async () => {
  const there = await endpoint("the test's own");
  const refused = await checked({ url: there.url, token: "wrong" });
  expect(refused.stdout).toMatch(
    /^orders-postgres: cannot do its work: the endpoint does not accept the provider's token \(401\)/u,
  );
  const away = await checked({ url: "http://127.0.0.1:1", token: "t" });
  expect(away.stdout).toMatch(/cannot do its work: the endpoint at 127\.0\.0\.1:1 can't be reached/u);
  expect(`${refused.stdout}${away.stdout}`).not.toContain("live access of");
  expect([refused.code, away.code]).toEqual([1, 1]);
});

test("where there is no database of Hallpass's, the providers are asked all the same", async () => {
  const { url, token } = await endpoint("the test's own");
  const env = { TOOL_URL: url, TOOL_TOKEN: token, HALLPASS_DATA_DIR: join(folder, "none") };
  const { code, stdout } = await hallpass(["policy", "check", "--live"], { cwd: folder, env });
  expect([code, stdout]).toEqual([
    0,
    expect.stringMatching(
      /^live access: warning: not looked at, which takes Hallpass's database\. There is no Hallpass data in .*\nchannels: warning: not looked at, which takes SLACK_BOT_TOKEN\.\n.*is fine/u,
    ),
  ]);
});

test("a channel that takes no messages is a fault, and what Slack does not tell of is said to be unknown", async () => {
  const there = await endpoint("the test's own");
  try {
    slack.channels.archive("#access-requests");
    await slack.channels.share("#access-alerts");
    const { code, stdout } = await checked(there);
    expect([code, stdout.split("\n").slice(0, 2)]).toEqual([
      1,
      [
        "#access-requests: the bot sees no channel #access-requests; create it, unarchive it, or invite the bot if it is private",
        "#access-alerts: the channel #access-alerts is shared with another company",
      ],
    ]);
    slack.faults.revokeToken();
    expect(await checked(there)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^channels: warning: could not be looked at\. Slack refuses the token/u),
    });
  } finally {
    slack.faults.clear();
    slack.channels.unarchive("#access-requests");
    await slack.channels.unshare("#access-alerts");
  }
});

test("--json has it, and what it takes and has not is said", async () => {
  const { stdout } = await checked(await endpoint("another tool"), "orders-postgres", "--json");
  expect(JSON.parse(stdout)).toMatchObject({
    ok: true,
    live: [{ provider: "orders-postgres", message: expect.stringContaining("live access of AR-") }],
  });
  const unset = await checked({ url: "http://127.0.0.1:1" });
  expect(unset).toMatchObject({ code: 1, stdout: "" });
  expect(unset.stderr).toContain('Provider "orders-postgres" needs the environment variable TOOL_TOKEN');
  expect(await hallpass(["policy", "check", "--live", "--sarif"])).toMatchObject({ code: 1 });
});
