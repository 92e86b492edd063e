import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readConfig } from "../../src/config.ts";
import { createDispatcher } from "../../src/network/outgoing.ts";
import { makeCalls } from "../network/calls.ts";
import { type Places, startPlaces } from "../network/places.ts";
import { type Authority, makeAuthority } from "../support/authority.ts";
import { type CompanyProxy, startCompanyProxy } from "../support/company-proxy.ts";
import { describeIf } from "../support/describe-if.ts";
import { isInstalled } from "../support/is-installed.ts";
import { blocksOf, readPage } from "./markdown.ts";

const page = await readPage("network.md");
const [proxies = "", authorities = ""] = blocksOf(page).map(({ text }) => text);
const host = "slack.corp.example";

/** The settings of a block of the page. */
function settings(block: string): Readonly<Record<string, string>> {
  const lines = block.trim().split("\n");
  return Object.fromEntries(lines.map((line) => [...line.split("=", 1), line.slice(line.indexOf("=") + 1)]));
}

/** The cells of the rows of a table below a heading, by its header's first cell. */
function rowsOf(firstCell: string): readonly (readonly string[])[] {
  const lines = page.split("\n");
  const from = lines.findIndex((line) => line.startsWith(`| ${firstCell} `));
  const to = lines.indexOf("", from);
  return lines.slice(from + 2, to).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const codesIn = (cell = ""): readonly string[] =>
  [...cell.matchAll(/`([^`]+)`/gu)].map(([, code = ""]) => code);

describe("NO_PROXY", () => {
  let proxy: CompanyProxy;

  beforeAll(async () => {
    proxy = await startCompanyProxy();
    proxy.behave(502);
  });
  afterAll(async () => {
    delete process.env["HTTPS_PROXY"];
    delete process.env["NO_PROXY"];
    await proxy.close();
  });

  async function asksProxy(address: string): Promise<boolean> {
    const before = proxy.log().length;
    const dispatcher = createDispatcher({ connectMs: 1_000 });
    await dispatcher
      .request({ origin: `https://${address}`, path: "/", method: "GET" })
      .catch(() => undefined);
    await dispatcher.destroy();
    return proxy.log().length > before;
  }

  it.each(rowsOf("in `NO_PROXY`"))("%s means what the page says", async (entry, direct, proxied) => {
    process.env["HTTPS_PROXY"] = proxy.url;
    process.env["NO_PROXY"] = codesIn(entry).join();
    const asked = async (cell = ""): Promise<readonly boolean[]> => {
      const found: boolean[] = [];
      for (const address of codesIn(cell)) found.push(await asksProxy(address));
      return found;
    };
    expect(await asked(direct)).toEqual(codesIn(direct).map(() => false));
    expect(await asked(proxied)).toEqual(codesIn(proxied).map(() => true));
  });
});

describeIf(await isInstalled("openssl"), "it needs openssl")("the page's settings", () => {
  let home: string;
  let authority: Authority;
  let places: Places;
  let proxy: CompanyProxy;

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), "hallpass-network-page-"));
    authority = await makeAuthority(home);
    places = await startPlaces(await authority.issue(host, "localhost"));
    proxy = await startCompanyProxy({ credentials: "hallpass:p@ssword", ports: { [host]: places.port } });
  });
  afterAll(async () => {
    await proxy?.close();
    await places?.close();
    await rm(home, { recursive: true, force: true });
  });

  /** As on the page, but for where the proxy and the file are. */
  const trusted = (): Readonly<Record<string, string>> =>
    settings(authorities.replace(/=.*/u, () => `=${authority.file}`));
  const proxied = (): Readonly<Record<string, string>> =>
    settings(proxies.replace("proxy.corp.example:3128", new URL(proxy.url).host));

  it("take calls by way of the proxy with its user and password, trust the CA, and leave this machine out", async () => {
    const env = { ...proxied(), ...trusted() };
    expect(env["HTTPS_PROXY"]).toContain("p%40ssword");
    const calls = { slack: `https://${host}`, webhook: `https://localhost:${places.port}` };
    expect((await makeCalls(calls, env)).map(({ outcome }) => outcome)).toEqual(["answered", "answered"]);
    expect(proxy.tunnels()).toEqual([`${host}:443`]);
  });

  it("lead to each of the words that the page explains", async () => {
    const slack = `https://${host}`;
    const said = async (env: Readonly<Record<string, string>>, origin = slack): Promise<string> =>
      (await makeCalls({ slack: origin }, { ...trusted(), ...env }))[0]?.outcome ?? "";
    const outcomes = [
      await said({ HTTPS_PROXY: proxy.url }),
      await said({ HTTPS_PROXY: proxy.fullUrl.replace("p%40ssword", "wrong") }),
      await said({ HTTPS_PROXY: "http://127.0.0.1:1" }),
      await said({ ...proxied(), NODE_EXTRA_CA_CERTS: "" }),
      await said(proxied(), `https://127.0.0.1:${places.port}`),
      await said({ ...proxied(), NO_PROXY: host }),
    ];
    for (const status of [403, 502]) {
      proxy.behave(status);
      outcomes.push(await said(proxied()));
    }
    proxy.behave("well");
    const rows = rowsOf("it says");
    expect(rows.length).toBeGreaterThan(5);
    const unsaid = rows.filter(([cell]) => {
      const [words = ""] = codesIn(cell);
      const pattern = words
        .split("…")
        .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/gu, String.raw`\$&`));
      return !outcomes.some((outcome) => new RegExp(pattern.join(".+"), "u").test(outcome));
    });
    expect({ unsaid, outcomes: unsaid.length > 0 ? outcomes : [] }).toEqual({ unsaid: [], outcomes: [] });
  });
});

it("the page names where settings lead unless told otherwise", () => {
  const calls = rowsOf("what").flatMap(([, cell]) => codesIn(cell));
  const tokens = { SLACK_BOT_TOKEN: "xoxb-1", SLACK_APP_TOKEN: "xapp-1" };
  const read = readConfig({ ...tokens, PAGERDUTY_API_TOKEN: "t", OPSGENIE_API_KEY: "t" });
  const { slack, groups } = read.ok ? read.config : {};
  const urls = [slack?.apiUrl, groups?.pagerDuty?.url, groups?.opsgenie?.url];
  for (const url of urls) expect(calls).toContain(`${new URL(url ?? "").host}:443`);
});
