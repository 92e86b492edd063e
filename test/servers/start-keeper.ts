import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** The process that starts servers for tests, and ends them when this process ends, however it does. */
export interface Keeper {
  /** Where it is asked. */
  readonly url: string;
  /** Ends all that it started. */
  stop(): Promise<void>;
}

/** Starts one, with nothing in it. */
export async function startKeeper(env: NodeJS.ProcessEnv = process.env): Promise<Keeper> {
  const scripts = [
    join(import.meta.dirname, "../support/run-typescript.js"),
    join(import.meta.dirname, "keeper.ts"),
  ];
  const child = spawn(process.execPath, ["--import", ...scripts], {
    env,
    // A Ctrl-C is for Jest, which then lets go of the keeper.
    detached: true,
    stdio: ["pipe", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const [url] = await Promise.race([
    once(createInterface(child.stdout), "line"),
    exited.then(([code]) => Promise.reject(new Error(`the keeper of test servers ended with ${code}`))),
  ]);
  return {
    url: String(url),
    async stop() {
      child.stdin.end();
      const [code] = await exited;
      if (code !== 0) throw new Error(`the keeper of test servers ended with ${code}`);
    },
  };
}
