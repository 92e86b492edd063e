import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { Redis } from "ioredis";
import { freePort } from "./proxy.ts";

/** A Redis of a test's own, to flush and to kill. */
export type OwnRedis = {
  readonly url: string;
  start(): Promise<void>;
  /** As the kernel does when memory is short; fine when it does not run. */
  kill(): Promise<void>;
  /** Asks it, once it answers. */
  ask<T>(work: (redis: Redis) => Promise<T>): Promise<T>;
};

/** One that is yet to be started. */
export async function createRedis(): Promise<OwnRedis> {
  const port = await freePort();
  let server: ChildProcess | undefined;
  return {
    url: `redis://127.0.0.1:${port}`,
    async start() {
      server = spawn("redis-server", ["--port", String(port), "--bind", "127.0.0.1", "--save", ""], {
        cwd: tmpdir(),
        stdio: "ignore",
      });
      await once(server, "spawn");
    },
    async kill() {
      const ended = server && once(server, "exit");
      server?.kill("SIGKILL");
      await ended;
      server = undefined;
    },
    async ask(work) {
      const redis = new Redis(port, "127.0.0.1", { maxRetriesPerRequest: null, retryStrategy: () => 50 });
      redis.on("error", () => undefined);
      try {
        return await work(redis);
      } finally {
        redis.disconnect();
      }
    },
  };
}
