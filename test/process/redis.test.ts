import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { Redis } from "ioredis";
import type { SeenMessage } from "../../playground/slack/seen.ts";
import { describeIf } from "../support/describe-if.ts";
import { ask, threadSays } from "../support/ask.ts";
import type { Run } from "../support/process.ts";
import { freePort } from "../support/proxy.ts";
import { openSite, type Site } from "../support/site.ts";
import { endGrantsIn } from "./time.ts";

const describeWithRedis = describeIf(
  process.env["HALLPASS_TEST_REDIS"] !== undefined,
  "neither REDIS_URL nor redis-server on PATH",
);

/** The sweep looks every 5 s, and gives what it finds half a second to be done by itself. */
const sweepMs = 6_500;

describeWithRedis("Redis", () => {
  let site: Site;
  let run: Run;
  let port: number;
  let server: ChildProcess | undefined;

  beforeAll(async () => {
    port = await freePort();
    site = await openSite({ redisUrl: `redis://127.0.0.1:${port}` });
    run = await site.start();
  });
  afterAll(async () => {
    await stopRedis();
    await site?.close();
  });

  async function startRedis(): Promise<void> {
    server = spawn("redis-server", ["--port", String(port), "--bind", "127.0.0.1", "--save", ""], {
      cwd: site.directory,
      stdio: "ignore",
    });
    await once(server, "spawn");
  }

  async function stopRedis(): Promise<void> {
    const ended = server && once(server, "exit");
    server?.kill("SIGKILL");
    await ended;
    server = undefined;
  }

  /** Asks Redis, once it answers. */
  async function onRedis<T>(work: (redis: Redis) => Promise<T>): Promise<T> {
    const redis = new Redis(port, "127.0.0.1", { maxRetriesPerRequest: null, retryStrategy: () => 50 });
    redis.on("error", () => undefined);
    try {
      return await work(redis);
    } finally {
      redis.disconnect();
    }
  }

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
    await startRedis();
    await site.slack.until(
      () => onRedis(async (redis) => (await redis.keys("bull:*:meta")).length >= 4),
      "the workers to be at their queues",
    );
    const message = await granted("Redis forgets everything");
    const delayed = (): Promise<number> => onRedis((redis) => redis.zcard("bull:revocations:delayed"));
    await site.slack.until(async () => (await delayed()) > 0, "the alarm for the expiry");
    await onRedis((redis) => redis.flushall());
    expect(await delayed()).toBe(0);
    await endGrantsIn(site, 1);
    await revokedInTime(message);
  });

  it("gone from the approval to the expiry: granted and revoked all the same; back again, it is used again", async () => {
    await stopRedis();
    const message = await granted("Redis is gone");
    await endGrantsIn(site, 0);
    await revokedInTime(message);

    await startRedis();
    await granted("Redis is back");
    await site.slack.until(
      () => onRedis(async (redis) => (await redis.zcard("bull:revocations:delayed")) > 0),
      "the alarm for the expiry to be in Redis",
    );
    expect(await site.audited()).toMatchObject({ "grant.active": 4, "grant.revoked": 3 });
    await run.stop();
  });
});
