import { ask, threadSays } from "../support/ask.ts";
import type { Run } from "../support/process.ts";
import { openSite, type Site } from "../support/site.ts";
import { endGrantsIn, releaseClaims } from "./time.ts";

const promisedMs = 15_000;
/** From the start of a process that has to wait until the claim of a dead one is over, on a busy machine. */
const patienceMs = 120_000;
const stopMs = 10_000;

describe("a revocation that its worker does not live to finish", () => {
  let site: Site;
  let run: Run;

  beforeAll(async () => {
    site = await openSite();
    run = await site.start();
    await run.ready(patienceMs);
  }, 2 * patienceMs);
  afterAll(() => site?.close());

  it(
    "is taken up again, also the fifth time, and is done once",
    async () => {
      const { slack, guarded, guardedNetwork } = site;
      const message = await ask(site, "alice", "orders-db read 1h five lives");
      await slack.as("bob").presses(message, "Approve");
      await threadSays(site, message, "Granted to");
      let reached = guardedNetwork.holdAt("REVOKE ", "request");
      await endGrantsIn(site, 0);
      await reached;
      for (let lives = 1; lives < 5; lives += 1) {
        await run.kill();
        await guardedNetwork.restore();
        reached = guardedNetwork.holdAt("REVOKE ", "request");
        await releaseClaims(site);
        run = await site.start();
        await reached;
      }
      // The fifth time the claim of the dead has to be over first, as in life.
      const killedAt = performance.now();
      await run.kill();
      await guardedNetwork.restore();
      run = await site.start();
      await slack.until(
        async () => (await guarded.rolesOf("alice")).length === 0,
        "the access to be gone",
        patienceMs,
      );
      const tookMs = performance.now() - killedAt;
      console.info(
        `A fifth worker killed while it revoked: gone ${(tookMs / 1000).toFixed(1)} s later, with a start (promised: ${promisedMs / 1000} s).`,
      );
      await threadSays(site, message, "Revoked and verified");
      expect(await site.audited()).toMatchObject({
        "grant.active": 1,
        "grant.revoking": 1,
        "grant.revoked": 1,
      });
    },
    6 * patienceMs,
  );

  it(
    "because it was told to stop: it exits within 10 s, and the next start finishes it",
    async () => {
      const { slack, guarded, guardedNetwork } = site;
      const message = await ask(site, "bob", "orders-db read 1h it is deployed meanwhile");
      await slack.as("carol").presses(message, "Approve");
      await threadSays(site, message, "Granted to");
      const reached = guardedNetwork.holdAt("REVOKE ", "request");
      await endGrantsIn(site, 0);
      await reached;
      guardedNetwork.hold();
      const askedAt = performance.now();
      await run.stop();
      expect(performance.now() - askedAt).toBeLessThan(stopMs);
      expect(await guarded.rolesOf("bob")).toEqual([guarded.names.read]);
      await guardedNetwork.restore();

      await releaseClaims(site);
      run = await site.start();
      await run.ready(patienceMs);
      await threadSays(site, message, "Revoked and verified");
      expect(await guarded.rolesOf("bob")).toEqual([]);
      expect(await site.audited()).toMatchObject({ "grant.active": 2, "grant.revoked": 2 });
      await run.stop();
    },
    2 * patienceMs,
  );
});
