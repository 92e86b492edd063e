import { createMetrics } from "../../src/http/metrics.ts";
import { type OpsServerOptions, startOpsServer } from "../../src/http/ops-server.ts";
import type { HttpServer } from "../../src/http/serve.ts";
import { createLogger } from "../../src/logger.ts";

let server: HttpServer | undefined;

async function start(options: Partial<OpsServerOptions> = {}): Promise<string> {
  server = await startOpsServer({
    host: "127.0.0.1",
    port: 0,
    log: createLogger("silent"),
    readiness: () => ({ ready: true, why: [] }),
    metrics: createMetrics(),
    ...options,
  });
  return `http://127.0.0.1:${server.port}`;
}

afterEach(() => server?.close());

test("/readyz says ready, or why not", async () => {
  const why: string[] = [];
  const url = await start({ readiness: () => Promise.resolve({ ready: why.length === 0, why }) });
  const ready = await fetch(`${url}/readyz`);
  expect([ready.status, await ready.json()]).toEqual([200, { ready: true }]);
  why.push("no answer from postgres://u:canary@db");
  const unready = await fetch(`${url}/readyz`);
  expect([unready.status, await unready.json()]).toEqual([
    503,
    { ready: false, why: ["no answer from postgres://u:***@db"] },
  ]);
});

test("/readyz says what of its work it cannot do while it does the rest, without secrets", async () => {
  const degraded = ['provider orders: role "x" does not exist', "provider b: postgres://u:canary@db is away"];
  const url = await start({ readiness: () => ({ ready: true, why: [], degraded }) });
  const answer = await fetch(`${url}/readyz`);
  expect([answer.status, await answer.json()]).toEqual([
    200,
    {
      ready: true,
      degraded: ['provider orders: role "x" does not exist', "provider b: postgres://u:***@db is away"],
    },
  ]);
});

test("/metrics shows which providers can do their work, and forgets those that a policy dropped", async () => {
  const metrics = createMetrics();
  const url = await start({ metrics });
  metrics.providersChecked([["old", true]]);
  metrics.providersChecked([
    ["orders", true],
    ["tool", false],
  ]);
  const text = await (await fetch(`${url}/metrics`)).text();
  expect(text.split("\n").filter((line) => line.startsWith("hallpass_provider_ready{"))).toEqual([
    'hallpass_provider_ready{provider="orders"} 1',
    'hallpass_provider_ready{provider="tool"} 0',
  ]);
});

test("/metrics shows which policy is in force, and whether the one on disk was refused", async () => {
  const metrics = createMetrics();
  const url = await start({ metrics });
  metrics.policyLookedAt("loaded", "abc");
  metrics.policyLookedAt("refused", "abc");
  const answer = await fetch(`${url}/metrics`);
  expect(answer.headers.get("content-type")).toContain("text/plain");
  const lines = (await answer.text()).split("\n");
  expect(lines).toEqual(
    expect.arrayContaining([
      'hallpass_policy_reloads_total{outcome="loaded"} 1',
      'hallpass_policy_reloads_total{outcome="refused"} 1',
      "hallpass_policy_refused 1",
      'hallpass_policy_in_force{hash="abc"} 1',
    ]),
  );
});

test.each(["/healthz", "/slack/events", "/"])("%s is not here", async (path) => {
  const url = await start();
  for (const method of ["GET", "POST"]) expect((await fetch(`${url}${path}`, { method })).status).toBe(404);
});

test("a taken port is said with the place and the setting", async () => {
  await start();
  const { port } = server!;
  const second = startOpsServer({
    host: "127.0.0.1",
    port,
    log: createLogger("silent"),
    readiness: () => ({ ready: true, why: [] }),
    metrics: createMetrics(),
  });
  await expect(second).rejects.toThrow(new RegExp(`127\\.0\\.0\\.1:${port}: it is taken .* OPS_PORT`));
});
