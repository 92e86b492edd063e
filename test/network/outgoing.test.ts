import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Authority, makeAuthority } from "../support/authority.ts";
import { type CompanyProxy, startCompanyProxy } from "../support/company-proxy.ts";
import { describeIf } from "../support/describe-if.ts";
import { isInstalled } from "../support/is-installed.ts";
import { freePort } from "../support/proxy.ts";
import { type Kind, kinds, makeCalls } from "./calls.ts";
import { type Places, startPlaces } from "./places.ts";

const credentials = "hallpass:p@ss/w0rd:canary";
const hostOf = (kind: Kind): string => `${kind}.corp.example`;
/** Names that no DNS knows: whoever gets there went by way of the proxy. */
const origins: Readonly<Partial<Record<Kind, string>>> = Object.fromEntries(
  kinds.map((kind) => [kind, `https://${hostOf(kind)}`]),
);
const tunnels = kinds.map((kind) => `${hostOf(kind)}:443`);

describeIf(await isInstalled("openssl"), "it needs openssl")("outgoing calls", () => {
  let home: string;
  let authority: Authority;
  let places: Places;
  let ports: Readonly<Record<string, number>>;
  let proxy: CompanyProxy;
  let trusting: { readonly NODE_EXTRA_CA_CERTS: string };

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), "hallpass-network-"));
    authority = await makeAuthority(home);
    trusting = { NODE_EXTRA_CA_CERTS: authority.file };
    places = await startPlaces(await authority.issue("*.corp.example", "localhost"));
    ports = Object.fromEntries(kinds.map((kind) => [hostOf(kind), places.port]));
  });
  afterAll(async () => {
    await places?.close();
    await rm(home, { recursive: true, force: true });
  });
  beforeEach(async () => {
    proxy = await startCompanyProxy({ ports });
  });
  afterEach(() => proxy.close());

  const answered = kinds.map((kind) => expect.objectContaining({ kind, outcome: "answered" }));

  it("all go by way of HTTPS_PROXY, and trust the company's own CA", async () => {
    expect(await makeCalls(origins, { ...trusting, HTTPS_PROXY: proxy.url })).toEqual(answered);
    expect([...new Set(proxy.tunnels())].toSorted()).toEqual(tunnels.toSorted());
  });

  it("show the user and password of the proxy's address, also in lower case, and to a proxy over TLS", async () => {
    const tls = await authority.issue("IP:127.0.0.1", "localhost");
    const strict = await startCompanyProxy({ ports, credentials, tls });
    try {
      const https_proxy = strict.fullUrl.replace("127.0.0.1", "localhost");
      expect(
        await makeCalls(origins, { ...trusting, https_proxy, HTTPS_PROXY: "http://127.0.0.1:1" }),
      ).toEqual(answered);
      expect([...new Set(strict.tunnels())].toSorted()).toEqual(tunnels.toSorted());
      expect(proxy.log()).toEqual([]);
    } finally {
      await strict.close();
    }
  });

  it("go directly to what NO_PROXY names, and there trust the company's own CA, too", async () => {
    const local = Object.fromEntries(kinds.map((kind) => [kind, `https://localhost:${places.port}`]));
    const direct = { ...trusting, HTTPS_PROXY: proxy.url, NO_PROXY: "db.example,localhost" };
    expect(await makeCalls(local, direct)).toEqual(answered);
    expect(proxy.log()).toEqual([]);
  });

  it("to this machine go by way of the proxy as well, unless NO_PROXY names it", async () => {
    const local = Object.fromEntries(kinds.map((kind) => [kind, `https://localhost:${places.port}`]));
    expect(await makeCalls(local, { ...trusting, HTTPS_PROXY: proxy.url })).toEqual(answered);
    expect(new Set(proxy.tunnels())).toEqual(new Set([`localhost:${places.port}`]));
  });

  it.each([
    ["wrong credentials", 407, "refuses (407): check the user and password in HTTPS_PROXY"],
    ["a host it does not allow", 403, ":443 (403): allow CONNECT there, or name it in NO_PROXY"],
    ["a host it can't reach", 502, ":443 (502)"],
  ])("say that the proxy refuses: %s", async (_, status, words) => {
    proxy.behave(status);
    const before = places.asked().length;
    const withUser = Object.assign(new URL(proxy.url), { username: "hallpass", password: "c4n4ry" });
    const outcomes = await makeCalls(origins, { ...trusting, HTTPS_PROXY: withUser.href });
    expect(outcomes.map(({ kind }) => kind)).toEqual(kinds);
    for (const { outcome } of outcomes) {
      expect(outcome).toContain(`the proxy ${proxy.url} `);
      expect(outcome).toContain(words);
      expect(outcome).not.toContain("c4n4ry");
    }
    expect(places.asked()).toHaveLength(before);
  });

  it("say that the proxy wants a user and a password", async () => {
    const strict = await startCompanyProxy({ ports, credentials });
    try {
      for (const { outcome } of await makeCalls(origins, { ...trusting, HTTP_PROXY: strict.url }))
        expect(outcome).toContain(
          `the proxy ${strict.url} asks for a user and a password (407): put them into HTTP_PROXY`,
        );
    } finally {
      await strict.close();
    }
  });

  it("read no longer an answer than they would directly", async () => {
    const provider = `${origins.provider}/too-much`;
    expect(await makeCalls({ provider }, { ...trusting, HTTPS_PROXY: proxy.url })).toMatchObject([
      { outcome: "the endpoint at provider.corp.example answers with more than 4 MB" },
    ]);
  });

  it("say which setting names no proxy", async () => {
    const outcomes = await makeCalls(
      { provider: "https://x.example" },
      { HTTPS_PROXY: "socks5://u:c4n4ry@x" },
    );
    expect(outcomes).toMatchObject([
      { outcome: expect.stringMatching(/can't be reached: HTTPS_PROXY must look like http:(?!.*c4n4ry)/u) },
    ]);
  });

  it("say that the proxy can't be reached", async () => {
    const gone = `http://127.0.0.1:${await freePort()}`;
    for (const { outcome } of await makeCalls(origins, { HTTPS_PROXY: gone }))
      expect(outcome).toContain(`the proxy ${gone} can't be reached: the connection is refused (`);
  });

  it("say that the proxy's certificate is not trusted", async () => {
    const secure = await startCompanyProxy({ ports, tls: await authority.issue("localhost") });
    const url = secure.url.replace("127.0.0.1", "localhost");
    try {
      for (const { outcome } of await makeCalls(origins, { HTTPS_PROXY: url }))
        expect(outcome).toMatch(
          /the proxy https:\/\/localhost:\d+ can't be reached: its certificate is not trusted \(.*NODE_EXTRA_CA_CERTS/u,
        );
    } finally {
      await secure.close();
    }
  });

  it("say that the certificate of the other side is not trusted, by way of the proxy and directly", async () => {
    const places443 = `https://localhost:${places.port}`;
    const local = Object.fromEntries(kinds.map((kind) => [kind, places443]));
    for (const [to, env] of [
      [origins, { HTTPS_PROXY: proxy.url }],
      [local, {}],
    ] as const) {
      const outcomes = await makeCalls(to, env);
      expect(outcomes).toHaveLength(kinds.length);
      for (const { outcome } of outcomes) {
        expect(outcome).toMatch(/its certificate is not trusted \(.*NODE_EXTRA_CA_CERTS/u);
        expect(outcome).not.toContain("the proxy");
      }
    }
  });

  it("still want the certificate of the other side to have its name", async () => {
    ports = { ...ports, "elsewhere.example": places.port };
    const named = await startCompanyProxy({ ports });
    try {
      const wrong = Object.fromEntries(kinds.map((kind) => [kind, "https://elsewhere.example"]));
      for (const { outcome } of await makeCalls(wrong, { ...trusting, HTTPS_PROXY: named.url }))
        expect(outcome).toContain("its certificate is for another name");
    } finally {
      await named.close();
    }
  });

  it.each([
    ["silent", "can't be reached: no answer in time"],
    ["ends", "can't be reached: the connection was ended"],
  ] as const)("are over in their time where the proxy %s, and say so", async (how, words) => {
    proxy.behave(how);
    for (const { outcome, ms } of await makeCalls(origins, { ...trusting, HTTPS_PROXY: proxy.url })) {
      expect(outcome).toContain(`the proxy ${proxy.url} ${words}`);
      expect(ms).toBeLessThan(11_000);
    }
    // Once for each call: an undici of its own would ask without end.
    expect(proxy.log()).toHaveLength(kinds.length);
  });

  it("are over in their time where a tunnel leads nowhere", async () => {
    proxy.behave("swallows");
    for (const { outcome, ms } of await makeCalls(origins, { ...trusting, HTTPS_PROXY: proxy.url })) {
      expect(outcome).toMatch(/no answer in time|has not answered for 5 s/u);
      expect(ms).toBeLessThan(11_000);
    }
  });

  it("are over in their time where the other side of a tunnel takes a call and does not answer", async () => {
    places.silence(true);
    const some = (["slack", "pagerduty", "provider"] as const).map((kind) => [kind, origins[kind]]);
    try {
      const outcomes = await makeCalls(Object.fromEntries(some), { ...trusting, HTTPS_PROXY: proxy.url });
      expect(outcomes.map(({ outcome }) => outcome)).toEqual([
        expect.stringContaining("Slack cannot be reached: "),
        "PagerDuty has not answered for 5 s",
        "no answer within 9.5 s",
      ]);
      for (const { ms } of outcomes) expect(ms).toBeLessThan(12_000);
    } finally {
      places.silence(false);
    }
  });
});
