import { randomBytes } from "node:crypto";
import { link, open, readFile, rename, rm, stat, utimes } from "node:fs/promises";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { EmbeddedPostgresError, systemCode } from "./error.ts";

/** Identifies one user of a data directory: a process and one of its attempts. */
export type Holder = z.infer<typeof Holder>;
export const Holder = z.object({ pid: z.int().positive(), host: z.string(), token: z.string() });

const beatMilliseconds = 1_000;
const staleMilliseconds = 15_000;

/** Creates a holder for this process, with a new token. */
export function newHolder(): Holder {
  return { pid: process.pid, host: hostname(), token: randomBytes(8).toString("hex") };
}

/** Whether a process with this id exists, whoever owns it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: the process exists and belongs to another user.
    return systemCode(error) === "EPERM";
  }
}

/**
 * Runs `work` while holding a lock file exclusively. A dead holder (kill -9) is recognised by its process id or, where
 * ids mean nothing (another container on the same volume), by a lock that is no longer refreshed. `signal` ends the
 * wait for the lock, not the work.
 */
export async function withLock<T>(
  path: string,
  patienceMilliseconds: number,
  work: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const self = newHolder();
  const text = JSON.stringify(self);
  const deadline = performance.now() + patienceMilliseconds;
  while (!(await create(path, text))) {
    signal?.throwIfAborted();
    const holder = await abandoned(path);
    if (holder !== undefined) await clear(path, holder);
    else if (performance.now() < deadline) await sleep(20);
    else {
      throw new EmbeddedPostgresError(
        `Another Hallpass has been starting on the same data for ${Math.round(patienceMilliseconds / 1_000)} s; ` +
          `end that process, or remove ${path} if there is none.`,
      );
    }
  }
  const beat = setInterval(() => {
    const now = Date.now() / 1_000;
    // The next beat makes up for a failed one; if they keep failing, the lock goes stale, as it should.
    utimes(path, now, now).catch(() => undefined);
  }, beatMilliseconds);
  try {
    return await work();
  } finally {
    clearInterval(beat);
    if ((await contents(path)) === text) await rm(path, { force: true });
  }
}

async function create(path: string, text: string): Promise<boolean> {
  try {
    const file = await open(path, "wx", 0o600);
    await file.writeFile(text);
    await file.close();
    return true;
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    throw error;
  }
}

/** The text of a lock whose holder is gone; `undefined` while it is held. */
async function abandoned(path: string): Promise<string | undefined> {
  const text = await contents(path);
  const refreshed = await stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  );
  if (text === undefined || refreshed === undefined) return undefined;
  if (Date.now() - refreshed > staleMilliseconds) return text;
  const holder = parseHolder(text);
  return holder && isGone(holder, refreshed) ? text : undefined;
}

/** Whether the process that wrote `holder` at that time (in milliseconds) is known to have ended. */
export function isGone(holder: Holder, writtenAt: number): boolean {
  if (holder.host !== hostname()) return false;
  // A restarted container gets the same process ids: what was written before we started is another process's.
  if (holder.pid === process.pid) return writtenAt < performance.timeOrigin;
  return !isAlive(holder.pid);
}

/** Reads a holder; `undefined` for anything else, such as a file half written. */
function parseHolder(text: string): Holder | undefined {
  try {
    return Holder.safeParse(JSON.parse(text)).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Removes an abandoned lock; puts it back if another process has taken it in between. */
async function clear(path: string, seen: string): Promise<void> {
  const aside = `${path}.${randomBytes(4).toString("hex")}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return;
    throw error;
  }
  if ((await contents(aside)) !== seen) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
}

async function contents(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
