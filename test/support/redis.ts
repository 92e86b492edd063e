import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { createInterface } from "node:readline";
import { Redis } from "ioredis";
import { isInstalled } from "./is-installed.ts";
import { freePort } from "./proxy.ts";

/** A Redis of its own, to flush and to kill. */
export type OwnRedis = {
  readonly url: string;
  /** Resolves once it takes connections. */
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
      const options = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
      const child = spawn("redis-server", [...options, "--maxmemory-policy", "noeviction"], {
        cwd: tmpdir(),
        stdio: ["ignore", "pipe", "inherit"],
      });
      server = child;
      await new Promise<void>((resolve, reject) => {
        child.once("error", reject);
        child.once("exit", (code) =>
          reject(new Error(`redis-server ended with ${code} before it was ready`)),
        );
        createInterface(child.stdout).on("line", (line) => {
          if (/ready to accept connections/i.test(line)) resolve();
        });
      });
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

/** One that runs; `undefined` where there is no such program. */
export async function startRedis(): Promise<OwnRedis | undefined> {
  if (!(await isInstalled("redis-server"))) return undefined;
  const redis = await createRedis();
  await redis.start();
  return redis;
}
