import { spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { createInterface } from "node:readline";
import { freePort } from "../../test/support/proxy.ts";

export type BenchRedis = { readonly url: string; kill(): Promise<void> };

/** A Redis of this run's own, as it comes; `undefined` where there is no such program. */
export async function startRedis(): Promise<BenchRedis | undefined> {
  const port = await freePort();
  const options = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
  const server = spawn("redis-server", [...options, "--maxmemory-policy", "noeviction"], {
    cwd: tmpdir(),
    stdio: ["ignore", "pipe", "inherit"],
  });
  const isThere = await new Promise<boolean>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "ENOENT" ? resolve(false) : reject(error),
    );
    createInterface(server.stdout).on("line", (line) => {
      if (/ready to accept connections/i.test(line)) resolve(true);
    });
  });
  if (!isThere) return undefined;
  const ended = once(server, "exit");
  return {
    url: `redis://127.0.0.1:${port}`,
    async kill() {
      server.kill("SIGKILL");
      await ended;
    },
  };
}
