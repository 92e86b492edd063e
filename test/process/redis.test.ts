import type { SeenMessage } from "../../slack-simulator/seen.ts";
import { describeIf } from "../support/describe-if.ts";
import { ask, threadSays } from "../support/ask.ts";
import { isInstalled } from "../support/is-installed.ts";
import type { Run } from "../support/process.ts";
import { createRedis, type OwnRedis } from "../support/redis.ts";
import { openSite, type Site } from "../support/site.ts";
import { endGrantsIn } from "./time.ts";

const describeWithRedis = describeIf(await isInstalled("redis-server"), "no redis-server on PATH");

/** The sweep looks every 5 s, and gives what it finds half a second to be done by itself. */
const sweepMs = 6_500;

describeWithRedis("Redis", () => {
  let site: Site;
  let run: Run;
  let redis: OwnRedis;

  beforeAll(async () => {
    redis = await createRedis();
    site = await openSite({ redisUrl: redis.url });
    run = await site.start();
  });
  afterAll(async () => {
    await redis?.kill();
    await site?.close();
  });

  async function granted(reason: string): Promise<SeenMessage> {
    const message = await ask(site, "alice", `orders-db read 1h ${reason}`);
    await site.slack.as("bob").presses(message, "Approve");
    await threadSays(site, message, "Granted to");
    expect(await site.guarded.rolesOf("alice")).toEqual([site.guarded.names.read]);
    return message;
  }

  async function revokedInTime(message: SeenMessage): Promise<void> {
    const gone = async (): Promise<boolean> => (await site.guarded.rolesOf("alice")).length === 0;
    await site.slack.until(gone, "the access to be gone", sweepMs);
    await threadSays(site, message, "Revoked and verified");
    expect(run.isRunning()).toBe(true);
  }

  it("absent at the start: Hallpass says so, is ready, grants and revokes", async () => {
    await run.ready();
    await run.says("Redis cannot be reached; the sweep stands in");
    const message = await granted("there is no Redis");
    await endGrantsIn(site, 0);
    await revokedInTime(message);
    expect(await site.audited()).toMatchObject({ "grant.active": 1, "grant.revoked": 1 });
  });

  it("there at last, it is used; flushed while access is active, that still ends on time", async () => {
    await redis.start();
    await site.slack.until(
      () => redis.ask(async (asked) => (await asked.keys("bull:*:meta")).length >= 4),
      "the workers to be at their queues",
    );
    const message = await granted("Redis forgets everything");
    const delayed = (): Promise<number> => redis.ask((asked) => asked.zcard("bull:revocations:delayed"));
    await site.slack.until(async () => (await delayed()) > 0, "the alarm for the expiry");
    await redis.ask((asked) => asked.flushall());
    expect(await delayed()).toBe(0);
    await endGrantsIn(site, 1);
    await revokedInTime(message);
  });

  it("gone from the approval to the expiry: granted and revoked all the same; back again, it is used again", async () => {
    await redis.kill();
    const message = await granted("Redis is gone");
    await endGrantsIn(site, 0);
    await revokedInTime(message);

    await redis.start();
    await granted("Redis is back");
    await site.slack.until(
      () => redis.ask(async (asked) => (await asked.zcard("bull:revocations:delayed")) > 0),
      "the alarm for the expiry to be in Redis",
    );
    expect(await site.audited()).toMatchObject({ "grant.active": 4, "grant.revoked": 3 });
    await run.stop();
  });
});
