import { createServer } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createHttpProvider, HttpOptions, HttpTarget } from "../../src/providers/http.ts";
import { addressFault } from "../../src/providers/http-address.ts";
import { ProviderError } from "../../src/providers/provider.ts";
import { createProviders } from "../../src/providers/registry.ts";
import type { ProviderFault } from "../support/provider-faults.ts";
import { type ProviderServer, startProviderServer } from "../support/provider-server.ts";
import { describeProviderContract } from "./contract.ts";

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

describeProviderContract("An HTTP endpoint", async () => {
  const own = await startProviderServer((subject) => subject !== "nobody");
  return {
    provider: createHttpProvider(own),
    subject: "alice",
    bystander: "bob & co. <b@example.com>",
    stranger: "nobody",
    target,
    otherTarget: { team: "tools", level: "reader" },
    look: (subject, wanted) => Promise.resolve(own.holders(wanted).includes(subject)),
    unreachable: () => createHttpProvider({ url: "http://127.0.0.1:1", token: "secret-word" }),
    close: () => own.close(),
  };
});

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
      "elsewhere is not where we go",
      { kind: "status", status: 307, body: "" },
      "no: the endpoint sends us elsewhere (307), which is not followed: check the provider's url",
    ],
  ])("%s", async (_, fault, expected) => {
    server.fail(fault);
    expect(await outcome(provider.grant("carol", target, until))).toBe(expected);
    expect(server.holders(target)).not.toContain("carol");
  });

  test("what it says is one short line, with nothing in it that is not ours to show", async () => {
    const words = `\u202Eevil\u0000 ${server.token}\r\n<!channel> ${"long ".repeat(500)}`;
    server.fail({ kind: "status", status: 422, body: JSON.stringify({ error: words }) });
    const said = await outcome(provider.revoke("carol", target, undefined));
    expect(said).toMatch(/^no: the endpoint refused \(422\): evil\uFFFD \*\*\* <!channel> long long/u);
    expect(said.length).toBeLessThan(260);
    expect(said).not.toContain(server.token);
  });

  test.each(["grant", "revoke", "list"] as const)(
    "%s without an answer is worth another try, done or not",
    async (call) => {
      const quick = createHttpProvider(server, 200);
      const ask = (): Promise<unknown> =>
        call === "grant"
          ? quick.grant("dave", target, until)
          : call === "revoke"
            ? quick.revoke("dave", target, undefined)
            : quick.holds("dave", target, undefined);
      server.fail({ kind: "hangs" }, [call]);
      expect(await outcome(ask())).toBe(`later: the endpoint at ${host()} has not answered within 0.2 s`);
      server.fail({ kind: "does it and hangs" }, [call]);
      expect(await outcome(ask())).toBe(`later: the endpoint at ${host()} has not answered within 0.2 s`);
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
    expect(await outcome(quick.holds("dave", target, undefined))).toContain("has not answered within 0.2 s");
    endless.closeAllConnections();
    endless.close();
    await quick.close();
  });

  test("an answer is read up to 4 MB", async () => {
    server.fail({ kind: "status", status: 200, body: JSON.stringify("x".repeat(5 * 1024 * 1024)) });
    expect(await outcome(provider.holds("alice", target, undefined))).toBe(
      `no: the endpoint at ${host()} answers with more than 4 MB`,
    );
  });

  test.each([
    ["[]", "all of it"],
    ["<html>", "all of it"],
    ['{"grants": [{"subject": "alice"}]}', "grants.0.target"],
  ])("a list that is none is not taken for one: %s", async (body, place) => {
    server.fail({ kind: "status", status: 200, body });
    expect(await outcome(provider.holds("alice", target, undefined))).toContain(
      `no: the endpoint's list of grants is not understood: ${place}: `,
    );
  });

  test("after it was down it is reached again by the same provider", async () => {
    await server.down();
    expect(await outcome(provider.check())).toMatch(/^later: the endpoint at [\d.:]+ can't be reached: /u);
    await server.heal();
    expect(await outcome(provider.check())).toBe("done");
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
  expect(await provider.holds("alice", target, undefined)).toBe(false);
  lists();
  expect(await provider.holds("bob", target, undefined)).toBe(true);
  lists();
  expect(await provider.holders(target)).toEqual(["bob", "Alice"]);
});

test("who holds a target is who the endpoint lists for it, and use is what it says", async () => {
  const shared = { team: "shared" };
  server.put("erin", shared);
  server.put("frank", shared);
  server.put("grace", { team: "shared", level: "1" });
  expect(await provider.holders(shared)).toEqual(["erin", "frank"]);
  expect(await provider.lastUsed("erin", shared, undefined)).toBeUndefined();
  server.use("erin", shared, new Date("2030-01-01T10:00:00Z"));
  expect(await provider.lastUsed("erin", shared, undefined)).toEqual(new Date("2030-01-01T10:00:00Z"));
  expect(await provider.lastUsed("frank", shared, undefined)).toBeUndefined();
});

test("the endpoint is told when the access is to end", async () => {
  await provider.grant("heidi", target, until);
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
    await one.check();
    await one.holders({ z: "1", a: "2" });
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
  const options = HttpOptions.parse({ type: "http", url: "${TOOL_URL}", token: "${TOOL_TOKEN}" });
  const make = (url: string, token: string) => () =>
    createProviders(new Map([["internal-tool", { options }]]), (name) => (name === "TOOL_URL" ? url : token));
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
    HttpTarget.safeParse(wanted).error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`)[0];
  expect(fault({ team: "tools" })).toBeUndefined();
  expect(fault({})).toBe(": expected at least one KEY: TEXT");
  expect(fault({ team: 7 })).toBe("team: expected a text");
  expect(fault({ "a team": "tools" })).toBe("a team: Invalid key in record");
  expect(fault({ team: { deep: "er" } })).toBe("team: expected a text");
});
