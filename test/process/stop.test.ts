import { ask, threadSays } from "../support/ask.ts";
import type { Run } from "../support/process.ts";
import { openSite, type Site } from "../support/site.ts";
import { releaseClaims } from "./time.ts";

const startMs = 30_000;
const stopMs = 10_000;
/** Less than half of what an orderly stop may take. */
const atOnceMs = 4_000;

describe("start and stop with its own database", () => {
  let site: Site;
  let run: Run;

  beforeAll(async () => {
    site = await openSite({ database: "embedded" });
  });
  afterAll(() => site?.close());

  it("the very first start is ready in some seconds", async () => {
    run = await site.start();
    const milliseconds = await run.ready(startMs);
    console.info(`A first start, with a database to make, is ready after ${Math.round(milliseconds)} ms.`);
    expect(milliseconds).toBeLessThan(startMs);
  });

  it("told to stop while it grants: it exits within 10 s, its database is stopped, and the next start finishes it", async () => {
    const { slack, guarded, guardedNetwork } = site;
    const reached = guardedNetwork.holdAt("GRANT ", "answer");
    const message = await ask(site, "alice", "orders-db read 1h it is deployed just now");
    await slack.as("bob").presses(message, "Approve");
    await reached;
    // From here on the server is silent to whatever it is asked.
    guardedNetwork.hold();
    const askedAt = performance.now();
    await run.stop();
    expect(performance.now() - askedAt).toBeLessThan(stopMs);
    expect(run.output()).not.toContain("a part could not be stopped in order");
    expect(await site.embeddedPid()).toBeUndefined();
    await guardedNetwork.restore();

    run = await site.start();
    await run.ready();
    // What it could not hand back in time is free again some seconds later.
    await releaseClaims(site);
    await threadSays(site, message, "Granted to");
    expect(await guarded.rolesOf("alice")).toEqual([guarded.names.read]);
    expect(await site.audited()).toMatchObject({ "approval.given": 1, "grant.active": 1 });
    expect(await site.audited()).not.toHaveProperty("grant.failed");
  });

  it("told twice: it ends at once, and whatever it left is taken up by the next start", async () => {
    const { slack, guardedNetwork } = site;
    const pid = await site.embeddedPid();
    const reached = guardedNetwork.holdAt("GRANT ", "request");
    const message = await ask(site, "bob", "orders-db read 1h whoever stops it is in a hurry");
    await slack.as("carol").presses(message, "Approve");
    await reached;
    run.child.kill("SIGTERM");
    await run.says("Hallpass stops");
    const askedAt = performance.now();
    run.child.kill("SIGTERM");
    expect(await run.ended).toEqual({ code: 1, signal: null });
    expect(performance.now() - askedAt).toBeLessThan(atOnceMs);
    expect(await site.embeddedPid()).toBe(pid);
    await guardedNetwork.restore();

    await releaseClaims(site);
    run = await site.start();
    await run.ready();
    expect(await site.embeddedPid()).toBe(pid);
    await threadSays(site, message, "Granted to");
    await run.stop();
    expect(await site.embeddedPid()).toBeUndefined();
  });
});
