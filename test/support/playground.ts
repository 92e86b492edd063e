import { type ChildProcess, spawn } from "node:child_process";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

export type PlaygroundRun = {
  readonly url: string;
  /** Ends it as Ctrl-C does, and removes what it kept. */
  stop(): Promise<void>;
};

const root = join(import.meta.dirname, "../..");

/** How long a PostgreSQL and a Hallpass may take to start, on whatever machine this is. */
export const playgroundStartMs = 120_000;

/** `npm run playground` with a folder of its own, as a process of its own; the page has been built before the tests. */
export async function startPlayground(): Promise<PlaygroundRun> {
  const dataDir = await mkdtemp(join(tmpdir(), "hallpass-playground-"));
  // Under root its PostgreSQL runs as another user, who must be able to get here.
  await chmod(dataDir, 0o755);
  const child = spawn(
    process.execPath,
    [
      "--import",
      "./test/support/run-typescript.js",
      "playground/main.ts",
      "--port",
      "0",
      "--data",
      join(dataDir, "kept"),
    ],
    { cwd: root, stdio: ["ignore", "pipe", "pipe"] },
  );
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  return {
    url: await addressOf(child),
    async stop() {
      child.kill("SIGINT");
      await ended;
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

function addressOf(child: ChildProcess): Promise<string> {
  const said: string[] = [];
  return new Promise((resolve, reject) => {
    const read = (line: string): void => {
      said.push(line);
      const [, url] = /Open (http:\S+)/.exec(line) ?? [];
      if (url !== undefined) resolve(url);
    };
    for (const output of [child.stdout, child.stderr]) {
      if (output) createInterface(output).on("line", read);
    }
    child.once("exit", (code) =>
      reject(new Error(`the playground ended with ${code} before it was open:\n${said.join("\n")}`)),
    );
  });
}
