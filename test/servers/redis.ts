import { createRedis } from "../support/redis.ts";
import type { RunningServer } from "./test-server.ts";

/** A Redis for queues, in sixteen numbered databases. */
export async function startRedisServer(): Promise<RunningServer> {
  const redis = await createRedis();
  await redis.start();
  return { url: redis.url, stop: () => redis.kill() };
}
