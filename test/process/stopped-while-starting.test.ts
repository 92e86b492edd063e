import { readdir, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Run } from "../support/process.ts";
import { openSite, type Site } from "../support/site.ts";

/** A stop takes this long at most while there is nothing in hand but the start itself. */
const promptMs = 8_000;

let site: Site;
beforeEach(async () => {
  site = await openSite({ database: "embedded" });
});
afterEach(() => site?.close());

/** Resolves when the run's own PostgreSQL has come so far that this file is there. */
async function appears(name: string): Promise<void> {
  const path = join(site.directory, "own/postgres", name);
  while ((await readFile(path).catch(() => undefined)) === undefined) await sleep(5);
}

/** Every process that works in the data directory, or in what is being made of it. */
async function processes(): Promise<readonly string[]> {
  const root = join(site.directory, "own/postgres");
  const pids = (await readdir("/proc")).filter((name) => /^[0-9]+$/.test(name));
  const places = await Promise.all(
    pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => "it has ended")),
  );
  return pids.filter((_, index) => places[index]?.startsWith(root));
}

/** How it ended, whether soon, and what it left running. */
async function stop(run: Run): Promise<unknown> {
  const askedAt = performance.now();
  run.child.kill("SIGTERM");
  const ending = await run.ended;
  const isPrompt = performance.now() - askedAt < promptMs;
  return { ...ending, isPrompt, left: await processes() };
}

describe.each([
  ["its data are being made", "password"],
  ["its PostgreSQL starts", "data/postmaster.pid"],
  ["its PostgreSQL is there for whoever keeps it", "keeper"],
])("told to stop while %s", (_, file) => {
  it("exits with 0, and soon, and leaves no PostgreSQL", async () => {
    const run = await site.start();
    await appears(file);
    expect(await stop(run)).toEqual({ code: 0, signal: null, isPrompt: true, left: [] });
  });
});
