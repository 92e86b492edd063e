import { readFileSync } from "node:fs";
import { lstat, mkdir, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { startEmbeddedPostgres } from "../../src/persistence/embedded/embedded.ts";
import { systemCode } from "../../src/persistence/embedded/error.ts";
import { Holder, isAlive, isGone, newHolder, withLock } from "../../src/persistence/embedded/lock.ts";
import { readRecord } from "../../src/persistence/embedded/server.ts";
import { PlaygroundError } from "./playground-error.ts";
import { messageOf } from "../../src/error-message.ts";

/** A data folder that is this process's until it lets go. */
export type Claim = {
  /** Where the page is, for whoever comes second. */
  readonly tellUrl: (url: string) => Promise<void>;
  readonly release: () => Promise<void>;
};

const Runner = Holder.extend({ url: z.string(), writtenAt: z.number() });

const marker = "PLAYGROUND.txt";
const markerText =
  "Made by `npm run playground` of Hallpass. Nothing in here is real, and `npm run playground -- --fresh` deletes it.\n";
const lock = "claim.lock";
const lockMs = 20_000;
// Where src/persistence/embedded/place.ts keeps a server's data when its user can't reach the folder.
const shelter = "/var/lib/hallpass";

/**
 * Takes a data folder, made where there is none and emptied first when `isFresh`. Throws a `PlaygroundError` for a folder
 * that another playground uses, or that no playground made.
 */
export async function claimFolder(
  dataDir: string,
  { isFresh, url }: { readonly isFresh: boolean; readonly url: string },
): Promise<Claim> {
  await insistOnOurs(dataDir);
  const runnerPath = join(dataDir, "running.json");
  const self = newHolder();
  const write = (at: string): Promise<void> =>
    writeFile(runnerPath, JSON.stringify({ ...self, url: at, writtenAt: Date.now() }));

  await withLock(join(dataDir, lock), lockMs, async () => {
    const running = await readRunner(runnerPath);
    if (running !== undefined) {
      throw new PlaygroundError(
        `A playground already runs here: ${running.url} (process ${running.pid}).\n` +
          "Use that one, stop it with Ctrl-C, or give this one a folder and a port of its own: --data DIR --port N",
      );
    }
    if (isFresh) await empty(dataDir);
    await writeFile(join(dataDir, marker), markerText);
    await write(url);
  });
  return {
    tellUrl: write,
    release: () => rm(runnerPath, { force: true }),
  };
}

/** Ends PostgreSQL without waiting, for want of time: it recovers at the next start. */
export function endServerAtOnce(dataDir: string): void {
  try {
    const [pid] = readFileSync(join(dataDir, "postgres/data/postmaster.pid"), "utf8").split("\n");
    if (Number(pid) > 0) process.kill(Number(pid), "SIGQUIT");
  } catch {
    // It has ended, which is all that is wanted.
  }
}

async function insistOnOurs(dataDir: string): Promise<void> {
  try {
    await mkdir(dataDir, { recursive: true });
    const names = (await readdir(dataDir)).filter((name) => !name.startsWith(lock));
    if (names.length === 0 || names.includes(marker)) return;
  } catch (error) {
    throw new PlaygroundError(`${dataDir} can't be used as the data folder: ${messageOf(error)}.`, {
      cause: error,
    });
  }
  throw new PlaygroundError(
    `${dataDir} holds things that no playground made (there is no ${marker} in it), and is left alone.\n` +
      "Expected an empty folder, one that a playground made, or none yet: --data DIR",
  );
}

async function readRunner(path: string): Promise<z.infer<typeof Runner> | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
  const runner = Runner.safeParse(parse(text)).data;
  if (runner === undefined || isGone(runner, runner.writtenAt)) return undefined;
  return (await isOther(runner.pid)) ? undefined : runner;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Half written by one that was killed: nobody.
    return undefined;
  }
}

/** Whether that process is something else by now: ids are given out again. Told on Linux only. */
async function isOther(pid: number): Promise<boolean> {
  if (process.platform !== "linux") return false;
  const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => undefined);
  return command !== undefined && !command.includes("playground");
}

async function empty(dataDir: string): Promise<void> {
  await stopServer(dataDir);
  const postgres = join(dataDir, "postgres");
  const link = await lstat(postgres).catch(() => undefined);
  if (link?.isSymbolicLink() === true) {
    const target = await realpath(postgres).catch(() => "");
    if (dirname(target) === shelter) await rm(target, { recursive: true, force: true });
  }
  for (const name of await readdir(dataDir)) {
    if (!name.startsWith(lock)) await rm(join(dataDir, name), { recursive: true, force: true });
  }
}

/** One that a killed playground left running. */
async function stopServer(dataDir: string): Promise<void> {
  const data = join(dataDir, "postgres/data");
  const left = await readRecord(data);
  if (left === undefined || !isAlive(left.pid)) return;
  const adopted = await startEmbeddedPostgres({
    dataDir,
    log: { info: () => undefined },
    keepSuperuser: true,
  });
  await adopted.stop();
  const still = await readRecord(data);
  if (still !== undefined && isAlive(still.pid)) {
    throw new PlaygroundError(
      `PostgreSQL (process ${still.pid}) still runs on ${data}: end that process and start again.`,
    );
  }
}
