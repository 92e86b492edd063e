import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { startEmbeddedPostgres } from "../../src/persistence/embedded.ts";
import { findBrowser } from "./browser.ts";

interface TestServers {
  stop(): Promise<void>;
  /** Said at the end of the run, where it can't be overlooked. */
  readonly notice: string | undefined;
}

declare global {
  // Jest's setup and teardown share nothing but the global object.
  // eslint-disable-next-line no-var
  var hallpassTestServers: TestServers | undefined;
}

/** Starts the PostgreSQL all tests share, and a Redis where there is one. */
export async function startTestServers(): Promise<
  TestServers & { readonly postgres: string; readonly redis?: string }
> {
  const directory = await mkdtemp(join(tmpdir(), "hallpass-test-"));
  // Under root the server runs as another user, who must be able to get here.
  await chmod(directory, 0o755);
  const postgres = await startEmbeddedPostgres({
    dataDir: directory,
    log: { info: () => undefined },
    // A crash of the machine may eat these data, and so they need not wait for the disk.
    settings: { fsync: "off", synchronous_commit: "off", full_page_writes: "off", max_connections: "200" },
  });
  const redis = await findRedis(directory);
  return {
    postgres: postgres.url,
    ...(redis && { redis: redis.url }),
    notice: notices(redis !== undefined),
    async stop() {
      await redis?.stop();
      await postgres.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function notices(hasRedis: boolean): string | undefined {
  const missing = [
    ...(hasRedis ? [] : ["Redis half not run: neither REDIS_URL nor redis-server on PATH."]),
    ...(findBrowser() === undefined ? ["Tests of the playground's page not run: no Chromium on PATH."] : []),
  ];
  return missing.length === 0 ? undefined : missing.join("\n");
}

async function findRedis(
  directory: string,
): Promise<{ readonly url: string; readonly stop: () => Promise<void> } | undefined> {
  const given = process.env["REDIS_URL"];
  if (given) return { url: given, stop: () => Promise.resolve() };
  const port = await freePort();
  const options = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
  const server = spawn("redis-server", [...options, "--maxmemory-policy", "noeviction", "--dir", directory], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (!(await isReady(server))) return undefined;
  const ended = new Promise((resolve) => server.once("exit", resolve));
  return {
    url: `redis://127.0.0.1:${port}`,
    async stop() {
      server.kill("SIGKILL");
      await ended;
    },
  };
}

/** Whether Redis says so; `false` when there is no such program. */
function isReady(server: ChildProcess): Promise<boolean> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "ENOENT" ? resolve(false) : reject(error),
    );
    server.once("exit", (code) => reject(new Error(`redis-server ended with ${code} before it was ready`)));
    if (!server.stdout) return;
    createInterface(server.stdout).on("line", (line) => {
      if (/ready to accept connections/i.test(line)) resolve(true);
    });
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once("error", reject);
    probe.listen({ port: 0, host: "127.0.0.1" }, () => {
      const address = probe.address();
      probe.close(() => resolve(address !== null && typeof address === "object" ? address.port : 0));
    });
  });
}
