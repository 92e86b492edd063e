import { EventEmitter, once } from "node:events";
import type { ServerResponse } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import type { HttpServer } from "../../src/http/serve.ts";
import type { HttpServerOptions } from "../../src/http/server.ts";
import { startHttpServer } from "../../src/http/server.ts";
import { createLogger } from "../../src/logger.ts";

let server: HttpServer | undefined;
let logged = "";

async function start(options: Partial<HttpServerOptions> = {}): Promise<string> {
  logged = "";
  const log = createLogger("info", { write: (line: string) => void (logged += line) });
  server = await startHttpServer({
    host: "127.0.0.1",
    port: 0,
    log,
    readiness: () => ({ ready: true, why: [] }),
    ...options,
  });
  return `http://127.0.0.1:${server.port}`;
}

/** Sends bytes as they are, and returns all that comes back until the server hangs up. */
async function raw(port: number, bytes: string): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1" });
  socket.write(bytes);
  return text(socket);
}

afterEach(() => server?.close());

test("port 0 takes a free port and tells which", async () => {
  const url = await start();
  expect(new URL(url).port).not.toBe("0");
});

test("/healthz says ok while the process lives, whatever else is wrong", async () => {
  const url = await start({
    readiness: () => ({ ready: false, why: ["the database has not answered yet"] }),
  });
  const response = await fetch(`${url}/healthz?from=probe`);
  expect([response.status, await response.text()]).toEqual([200, "ok"]);
  expect((await fetch(`${url}/healthz`, { method: "HEAD" })).status).toBe(200);
});

test("/readyz says whether it is ready, and to everybody who can ask no more than that", async () => {
  const why: string[] = [];
  const url = await start({ readiness: () => Promise.resolve({ ready: why.length === 0, why }) });
  const ready = await fetch(`${url}/readyz`);
  expect([ready.status, await ready.json()]).toEqual([200, { ready: true }]);
  why.push("no answer from the database db.internal");
  const unready = await fetch(`${url}/readyz`);
  expect([unready.status, await unready.json()]).toEqual([503, { ready: false }]);
});

test("the metrics are not for everybody", async () => {
  const url = await start();
  expect((await fetch(`${url}/metrics`)).status).toBe(404);
});

test("a readiness that throws is none, and is logged", async () => {
  const url = await start({ readiness: () => Promise.reject(new Error("broken look")) });
  const response = await fetch(`${url}/readyz`);
  expect(response.status).toBe(503);
  expect(await response.text()).not.toContain("broken look");
  expect(logged).toContain("broken look");
});

test("POST /slack/events goes to Bolt, with its body untouched", async () => {
  const url = await start({
    slackEvents: async (incoming, response) => {
      response.end(`${String(incoming.headers["x-slack-signature"])} ${await text(incoming)}`);
    },
  });
  const sent = { method: "POST", headers: { "x-slack-signature": "v0=1" }, body: "payload=%7B%7D" };
  const response = await fetch(`${url}/slack/events`, sent);
  expect(await response.text()).toBe("v0=1 payload=%7B%7D");
  expect((await fetch(`${url}/slack/events`)).status).toBe(404);
});

test("in Socket Mode there is no /slack/events", async () => {
  const url = await start();
  expect((await fetch(`${url}/slack/events`, { method: "POST", body: "x" })).status).toBe(404);
});

test.each([
  [
    "throws",
    () => {
      throw new Error("canary bug");
    },
  ],
  ["rejects", () => Promise.reject(new Error("canary bug"))],
])("a listener that %s is a 500 without words, and the server goes on", async (_title, slackEvents) => {
  const url = await start({ slackEvents });
  const response = await fetch(`${url}/slack/events`, { method: "POST" });
  expect([response.status, await response.text()]).toEqual([500, "Internal error"]);
  expect(logged).toContain("canary bug");
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
});

test.each(["/", "/healthz/", "/healthz/../x", "/%2e%2e/", "//healthz", "/slack/events/"])(
  "%s is not found",
  async (path) => {
    await start();
    expect(await raw(server!.port, `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`)).toMatch(
      /^HTTP\/1.1 404 /,
    );
  },
);

test.each([
  ["no path", "GET nonsense HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"],
  ["a URL that can't be read", "GET //[ HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"],
  ["a port that is none", "GET //a:b HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"],
  ["no HTTP", "\u0000\u0001nonsense\r\n\r\n"],
  ["no host", "GET /healthz HTTP/1.1\r\n\r\n"],
])("%s is a bad request, and the server goes on", async (_title, bytes) => {
  const url = await start();
  expect(await raw(server!.port, bytes)).toMatch(/^HTTP\/1.1 400 /);
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
});

test("a taken port is said with the place and the setting", async () => {
  await start();
  const { port } = server!;
  const second = startHttpServer({
    host: "127.0.0.1",
    port,
    log: createLogger("silent"),
    readiness: () => ({ ready: true, why: [] }),
  });
  await expect(second).rejects.toThrow(new RegExp(`127\\.0\\.0\\.1:${port}: it is taken .* PORT`));
});

test("an address this machine has not is said with HOST", async () => {
  await expect(start({ host: "192.0.2.1" })).rejects.toThrow(/192\.0\.2\.1:0: .* HOST/);
});

test("closing ends idle connections, lets a request under way finish, and may be asked twice", async () => {
  const arrived = new EventEmitter<{ request: [ServerResponse] }>();
  const url = await start({ slackEvents: (_request, response) => arrived.emit("request", response) });
  await (await fetch(`${url}/healthz`)).text();
  // fetch keeps its connections for the next request, as Slack does.
  const underWay = fetch(`${url}/slack/events`, { method: "POST" });
  const [response] = await once(arrived, "request");
  const started = performance.now();
  const closed = Promise.all([server?.close(), server?.close()]);
  await expect(fetch(`${url}/healthz`)).rejects.toThrow("fetch failed");
  response.end("done");
  await closed;
  // Far less than the patience with connections that don't end.
  expect(performance.now() - started).toBeLessThan(3_000);
  expect(await (await underWay).text()).toBe("done");
});
