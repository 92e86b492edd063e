import { once } from "node:events";
import { createServer } from "node:http";
import { z } from "zod";
import { addressFault } from "../../../src/providers/http/address.ts";
import { createHttpProvider, http } from "../../../src/providers/http/index.ts";
import { openProvider } from "../../../src/providers/open.ts";
import { ProviderError } from "../../../src/providers/provider.ts";
import type { ProviderFault } from "../../support/provider-faults.ts";
import { type ProviderServer, startProviderServer } from "../../support/provider-server.ts";

const until = new Date(Date.now() + 3_600_000);
const target = { team: "tools", level: "admin" };
let server: ProviderServer;
let provider: ReturnType<typeof createHttpProvider>;

beforeAll(async () => {
  server = await startProviderServer((subject) => subject !== "nobody");
  provider = createHttpProvider(server);
});

afterAll(async () => {
  await provider.close();
  await server.close();
});

/** Asks first and then grants. */
async function give(subject: string, wanted = target, by = provider): Promise<void> {
  const { state } = await by.prepare(subject, wanted);
  await by.grant(subject, wanted, until, state);
}

/** What became of a call: its error's words and whether another try may help. */
async function outcome(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "done",
    (error: unknown) => {
      if (!(error instanceof ProviderError)) throw error;
      return `${error.retryable ? "later" : "no"}: ${error.message}`;
    },
  );
}

describe("what the endpoint does not simply do", () => {
  const host = (): string => new URL(server.url).host;

  test.each<readonly [string, ProviderFault, string]>([
    [
      "a refusal is in its words",
      { kind: "status", status: 403, body: '{"error":"not on a Sunday"}' },
      "no: the endpoint refused (403): not on a Sunday",
    ],
    [
      "so is one in plain text",
      { kind: "status", status: 400, body: "no\n\nsuch team", type: "text/plain; charset=utf-8" },
      "no: the endpoint refused (400): no such team",
    ],
    [
      "a page for a browser says nothing",
      { kind: "status", status: 404, body: "<h1>Not Found</h1>", type: "text/html" },
      "no: the endpoint refused (404)",
    ],
    [
      "the token is what a 401 is about",
      { kind: "status", status: 401, body: "{}" },
      "no: the endpoint does not accept the provider's token (401)",
    ],
    [
      "408 is worth another try",
      { kind: "status", status: 408, body: "" },
      "later: the endpoint can't do it now (408)",
    ],
    [
      "425 is worth another try",
      { kind: "status", status: 425, body: "" },
      "later: the endpoint can't do it now (425)",
    ],
    [
      "429 is worth another try",
      { kind: "status", status: 429, body: '{"error":"slowly"}' },
      "later: the endpoint can't do it now (429): slowly",
    ],
    [
      "503 is worth another try",
      { kind: "status", status: 503, body: "" },
      "later: the endpoint can't do it now (503)",
    ],
    [
      "409 is a refusal",
      { kind: "status", status: 409, body: '{"error":"she has it"}' },
      "no: the endpoint refused (409): she has it",
    ],
    [
      "elsewhere is not where we go",
      { kind: "status", status: 307, body: "" },
      "no: the endpoint sends us elsewhere (307), which is not followed: check the provider's url",
    ],
  ])("%s", async (_, fault, expected) => {
    server.fail(fault);
    expect(await outcome(provider.grant("carol", target, until, {}))).toBe(expected);
    expect(server.holders(target)).not.toContain("carol");
  });

  test("what it says is one short line, with nothing in it that is not ours to show", async () => {
    const words = `\u202Eevil\u0000 ${server.token}\r\n<!channel> ${"long ".repeat(500)}`;
    server.fail({ kind: "status", status: 422, body: JSON.stringify({ error: words }) });
    const said = await outcome(provider.revoke("carol", target, {}));
    expect(said).toMatch(/^no: the endpoint refused \(422\): evil\uFFFD \*\*\* <!channel> long long/u);
    expect(said.length).toBeLessThan(260);
    expect(said).not.toContain(server.token);
  });

  test.each(["\u200b", "\u00ad", "\u2060\u200d"])(
    "a token that %j breaks up is not put together again",
    async (between) => {
      const words = `${server.token.slice(0, 5)}${between}${server.token.slice(5)} is no token`;
      server.fail({ kind: "status", status: 422, body: JSON.stringify({ error: words }) });
      expect(await outcome(provider.revoke("carol", target, {}))).toBe(
        "no: the endpoint refused (422): *** is no token",
      );
    },
  );

  test.each(["grant", "revoke", "list"] as const)(
    "%s without an answer is worth another try, done or not",
    async (call) => {
      const quick = createHttpProvider(server, 200);
      const ask = (): Promise<unknown> =>
        call === "grant"
          ? quick.grant("dave", target, until, {})
          : call === "revoke"
            ? quick.revoke("dave", target, {})
            : quick.holds("dave", target, {});
      server.fail({ kind: "hangs" }, [call]);
      expect(await outcome(ask())).toBe("later: no answer within 0.2 s");
      server.fail({ kind: "does it and hangs" }, [call]);
      expect(await outcome(ask())).toBe("later: no answer within 0.2 s");
      for (const kind of ["drops the connection", "does it and drops the connection"] as const) {
        server.fail({ kind }, [call]);
        expect(await outcome(ask())).toMatch(/^later: the endpoint at [\d.:]+ can't be reached: /u);
      }
      await server.heal();
      expect(server.holders(target).includes("dave")).toBe(call === "grant");
      await quick.close();
    },
  );

  test("a body that never ends is given up as well", async () => {
    const endless = createServer((_, response) => void response.writeHead(200).write("{")).listen(0);
    const address = endless.address();
    const quick = createHttpProvider(
      { url: `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`, token: "t" },
      200,
    );
    expect(await outcome(quick.holds("dave", target, {}))).toBe("later: no answer within 0.2 s");
    endless.closeAllConnections();
    endless.close();
    await quick.close();
  });

  test("an answer is read up to 4 MB", async () => {
    server.fail({ kind: "status", status: 200, body: JSON.stringify("x".repeat(5 * 1024 * 1024)) });
    expect(await outcome(provider.holds("alice", target, {}))).toBe(
      `no: the endpoint at ${host()} answers with more than 4 MB`,
    );
  });

  test.each([
    ["[]", "all of it"],
    ["<html>", "all of it"],
    ['{"grants": [{"subject": "alice"}]}', "grants.0.target"],
  ])("a list that is none is not taken for one: %s", async (body, place) => {
    server.fail({ kind: "status", status: 200, body });
    expect(await outcome(provider.holds("alice", target, {}))).toContain(
      `no: the endpoint's list of grants is not understood: ${place}: `,
    );
  });

  test("after it was down it is reached again by the same provider", async () => {
    await server.down();
    expect(await outcome(provider.check([]))).toMatch(/^later: the endpoint at [\d.:]+ can't be reached: /u);
    await server.heal();
    expect(await outcome(provider.check([]))).toBe("done");
  });
});

test("an endpoint that lists more than was asked for is read with care", async () => {
  const grants = [
    { subject: "alice", target: { ...target, extra: "1" } },
    { subject: "bob", target: { level: "admin", team: "tools" }, surplus: true },
    { subject: "Alice", target },
  ];
  const lists = (): void => server.fail({ kind: "status", status: 200, body: JSON.stringify({ grants }) });
  lists();
  expect(await provider.holds("alice", target, {})).toBe(false);
  lists();
  expect(await provider.holds("bob", target, {})).toBe(true);
  lists();
  expect(await provider.holders?.(target)).toEqual([
    expect.objectContaining({ subject: "bob", subjectId: "bob" }),
    expect.objectContaining({ subject: "Alice", subjectId: "Alice" }),
  ]);
});

test("who holds a target is who the endpoint lists for it, and use is what it says", async () => {
  const shared = { team: "shared" };
  server.put("erin", shared);
  server.put("frank", shared);
  server.put("grace", { team: "shared", level: "1" });
  expect(await provider.holders?.(shared)).toEqual([
    expect.objectContaining({ subject: "erin", subjectId: "erin" }),
    expect.objectContaining({ subject: "frank", subjectId: "frank" }),
  ]);
  expect(await provider.lastUsed?.("erin", shared, {})).toBeUndefined();
  server.use("erin", shared, new Date("2030-01-01T10:00:00Z"));
  expect(await provider.lastUsed?.("erin", shared, {})).toEqual(new Date("2030-01-01T10:00:00Z"));
  expect(await provider.lastUsed?.("frank", shared, {})).toBeUndefined();
});

test("the endpoint is told when the access is to end", async () => {
  await give("heidi");
  expect(server.held().find(({ subject }) => subject === "heidi")?.until).toBe(until.toISOString());
});

test("an address with a path keeps it", async () => {
  const paths: (string | undefined)[] = [];
  const other = createServer(({ url }, response) => {
    paths.push(url);
    response.end('{"grants":[]}');
  }).listen(0);
  const address = other.address();
  const port = typeof address === "object" ? address?.port : "";
  for (const url of [`http://127.0.0.1:${port}/a/b`, `http://127.0.0.1:${port}/a/b/`]) {
    const one = createHttpProvider({ url, token: "t" });
    await one.check([]);
    await one.holders?.({ z: "1", a: "2" });
    await one.close();
  }
  expect(paths.slice(0, 2)).toEqual([
    "/a/b",
    "/a/b/grants?target=%7B%22a%22%3A%222%22%2C%22z%22%3A%221%22%7D",
  ]);
  expect(paths.slice(2)).toEqual(paths.slice(0, 2));
  other.close();
});

test.each([
  "https://access.example.com",
  "https://8.8.8.8:8443/hallpass",
  "http://localhost:8080",
  "http://127.0.0.1",
  "http://[::1]:9000",
  "http://10.1.2.3",
  "http://172.31.0.1",
  "http://192.168.1.1/x",
  "http://[fd00::1]",
  "http://tool:8080",
  "http://tool.tools.svc.cluster.local",
  "http://tool.corp.internal",
])("a token may go to %s", (url) => {
  expect(addressFault(url)).toBeUndefined();
});

test.each([
  ["http://access.example.com", "expected https, or http to this machine or a private network"],
  ["http://172.32.0.1", "expected https, or http to this machine"],
  ["http://169.254.169.254", "expected https, or http to this machine"],
  ["http://10.example.com", "expected https, or http to this machine"],
  ["http://localhost.example.com", "expected https, or http to this machine"],
  ["ftp://localhost", "expected https, or http to this machine"],
  ["access.example.com", "expected an address such as https://"],
  ["https://hallpass:word@access.example.com", "expected an address without a name and password in it"],
  ["https://access.example.com/?key=1", "expected an address without ? and #"],
])("no token goes to %s", (url, expected) => {
  expect(addressFault(url)).toContain(expected);
  expect(addressFault(url)).not.toContain("word@");
});

test("what a reference stands for is checked when it is known, and never repeated", () => {
  const written = { url: "${TOOL_URL}", token: "${TOOL_TOKEN}" };
  expect(http.options.parse(written)).toEqual(written);
  const make = (url: string, token: string) => () =>
    openProvider("internal-tool", http, written, (name) => (name === "TOOL_URL" ? url : token));
  expect(make("http://access.example.com", "t")).toThrow(
    /^Provider "internal-tool", url: expected https, or http to this machine or a private network: [^{}]+\.$/u,
  );
  expect(make("https://access.example.com", "secret-word\n")).toThrow(
    'Provider "internal-tool", token: expected a token of visible ASCII characters, without white space or a line break at its end.',
  );
  expect(make("https://access.example.com", "secret-word")).not.toThrow();
});

test("a target is a flat map of texts", () => {
  const fault = (wanted: unknown): string | undefined =>
    http.target
      .safeParse(wanted)
      .error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`)[0];
  expect(fault({ team: "tools" })).toBeUndefined();
  expect(fault({})).toBe(": expected at least one KEY: TEXT");
  expect(fault({ team: 7 })).toBe("team: expected a text");
  expect(fault({ "a team": "tools" })).toBe("a team: Invalid key in record");
  expect(fault({ team: { deep: "er" } })).toBe("team: expected a text");
});

test.each<readonly [string, number, Readonly<Record<string, string>>, number | undefined]>([
  ["in so many seconds", 429, { "retry-after": "7" }, 7],
  [
    "at a time, by its own clock",
    503,
    { "retry-after": "Fri, 01 Jan 2021 10:00:30 GMT", date: "Fri, 01 Jan 2021 10:00:00 GMT" },
    30,
  ],
  ["at once, when the time has passed", 429, { "retry-after": "Fri, 01 Jan 2021 10:00:30 GMT" }, 0],
  ["in five minutes at most", 503, { "retry-after": "86400" }, 300],
  ["whenever, when it does not say", 503, {}, undefined],
  ["whenever, when that is not understood", 429, { "retry-after": "soon" }, undefined],
  ["never, when it refuses for good", 403, { "retry-after": "7" }, undefined],
])("a busy endpoint is asked again %s", async (_, status, headers, expected) => {
  server.fail({ kind: "status", status, headers });
  const [outcomeOf] = await Promise.allSettled([provider.revoke("carol", target, {})]);
  expect(outcomeOf).toMatchObject({ reason: { retryable: status !== 403, retryAfterSeconds: expected } });
});

describe("what somebody had before", () => {
  test("is never put, so that it gets no end, and is not taken away", async () => {
    const own = { team: "own" };
    server.put("judy", own);
    const { isHeld, state } = await provider.prepare("judy", own);
    expect(isHeld).toBe(true);
    const before = server.log().length;
    await provider.grant("judy", own, until, state);
    expect(await provider.revoke("judy", own, state)).toEqual({
      keptBy: ["a right of their own from before"],
    });
    const asked = new Set(
      server
        .log()
        .slice(before)
        .map(({ call }) => call),
    );
    expect([...asked].toSorted()).toEqual(["check", "list"]);
    expect(server.held().find(({ subject }) => subject === "judy")).toEqual({ subject: "judy", target: own });
  });

  test("and is gone since is not given anew: nobody could tell later whose it is", async () => {
    const own = { team: "own" };
    server.put("kim", own);
    const { state } = await provider.prepare("kim", own);
    server.drop("kim", own);
    expect(await outcome(provider.grant("kim", own, until, state))).toBe(
      "no: what kim had before is gone since: ask anew",
    );
    expect(server.holders(own)).not.toContain("kim");
  });
});

describe("an endpoint of the first version of its page", () => {
  let old: ProviderServer;
  let known: ReturnType<typeof createHttpProvider>;
  beforeAll(async () => {
    old = await startProviderServer(undefined, { id: undefined });
    known = createHttpProvider({
      url: `${old.url.toUpperCase().replace("HTTP", "http")}//`,
      token: old.token,
    });
  });
  afterAll(async () => {
    await known.close();
    await old.close();
  });

  test("is known by its address, however that is written, and that is said to be little", async () => {
    expect(await known.identity()).toBe(old.url);
    expect(await known.check([])).toEqual([
      "the endpoint names no id, so another one at its address would be taken for it",
    ]);
  });

  test("gives and takes as ever, also what was granted before anything was kept of it", async () => {
    await give("mallory", target, known);
    expect(old.holders(target)).toEqual(["mallory"]);
    expect(await known.holds("mallory", target, {})).toBe(true);
    expect(await known.revoke("mallory", target, {})).toEqual({ keptBy: [] });
    expect(old.holders(target)).toEqual([]);
  });
});

test("an id is a text of its own; what is none is not taken for one", async () => {
  let body = "";
  const other = createServer((_, response) => void response.end(body)).listen(0, "127.0.0.1");
  await once(other, "listening");
  const address = other.address();
  const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}/a`;
  const one = createHttpProvider({ url, token: "t" });
  const identities: string[] = [];
  for (body of ['{"id":"tool-eu-1"}', '{"id":7}', '{"id":""}', "ok", ""])
    identities.push(await one.identity());
  expect(identities).toEqual(["tool-eu-1", url, url, url, url]);
  await one.close();
  other.close();
});

test("another endpoint at the same address is another system", async () => {
  const { state } = await provider.prepare("nick", target);
  const { id } = server;
  const moved = await startProviderServer();
  const there = createHttpProvider(moved);
  expect(await outcome(there.revoke("nick", target, state))).toBe(
    `no: it was granted on ${id}, and this is ${moved.id}`,
  );
  expect(moved.log().map(({ call }) => call)).toEqual(["check"]);
  await there.close();
  await moved.close();
});

test("what is on record and not understood is a fault of ours, not the endpoint's", async () => {
  await expect(provider.holds("alice", target, { existed: "perhaps" })).rejects.toThrow(z.ZodError);
});
