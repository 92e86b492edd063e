import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Client } from "pg";
import { z } from "zod";
import { findBinaries } from "../../src/persistence/embedded/binaries.ts";
import { settle } from "../../src/persistence/embedded/place.ts";
import { addressUrl } from "../../src/persistence/embedded/server.ts";
import type { EmbeddedPostgres } from "../../src/persistence/embedded/embedded.ts";
import { startEmbeddedPostgres } from "../../src/persistence/embedded/embedded.ts";
import { freePort } from "./proxy.ts";

type Role = "owner" | "borrower";

const Said = z.object({ url: z.string(), ownerUrl: z.string(), adopted: z.boolean() });

/** A process that uses the data directory, as `postgres-child.ts` does. */
export interface Child extends z.infer<typeof Said> {
  readonly process: ChildProcess;
}

/** A data directory for servers of a test's own, and what is started in it. */
export interface Playpen {
  readonly dataDir: string;
  start(role?: Role, at?: string): Promise<EmbeddedPostgres>;
  startChild(role: Role, ids?: { readonly uid?: number; readonly gid?: number }): Promise<Child>;
  /** The process id in `postmaster.pid`. */
  serverPid(): Promise<number | undefined>;
  /** Stops all that was started here. */
  stopAll(): Promise<void>;
  /** Stops it all, whatever became of it, and removes the directory. */
  close(): Promise<void>;
}

/** Makes a data directory that the server's own user can reach. */
export async function createPlaypen(): Promise<Playpen> {
  const dataDir = await mkdtemp(join(tmpdir(), "hallpass-embedded-"));
  await chmod(dataDir, 0o755);
  const started: EmbeddedPostgres[] = [];
  const children: ChildProcess[] = [];

  async function serverPid(): Promise<number | undefined> {
    const text = await readFile(join(dataDir, "postgres/data/postmaster.pid"), "utf8").catch(() => undefined);
    return text === undefined ? undefined : Number(text.split("\n")[0]);
  }

  async function stopAll(): Promise<void> {
    for (const postgres of started.splice(0)) await postgres.stop();
  }

  return {
    dataDir,
    serverPid,
    stopAll,
    async start(role = "owner", at = dataDir) {
      const postgres = await startEmbeddedPostgres({ dataDir: at, role, log: { info: () => undefined } });
      started.push(postgres);
      return postgres;
    },
    async startChild(role, ids = {}) {
      const scripts = ["run-typescript.js", "postgres-child.ts"].map((name) =>
        join(import.meta.dirname, name),
      );
      const child = spawn(process.execPath, ["--import", ...scripts, dataDir, role], {
        ...ids,
        stdio: ["pipe", "pipe", "inherit"],
      });
      children.push(child);
      const [line] = await once(createInterface(child.stdout), "line");
      return { process: child, ...Said.parse(JSON.parse(String(line))) };
    },
    async close() {
      for (const child of children) child.kill("SIGKILL");
      await stopAll();
      const left = await serverPid();
      if (left !== undefined && isAlive(left)) process.kill(left, "SIGQUIT");
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** A server as Hallpass made it when one superuser was all it had. */
export interface UndividedPostgres {
  /** As that superuser. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Makes data of the kind that has one superuser, whose password lies beside them, and serves them. */
export async function startUndivided(dataDir: string): Promise<UndividedPostgres> {
  const { root, user } = await settle(dataDir, { info: () => undefined });
  const binaries = await findBinaries(root, user);
  const passwordPath = join(root, "password");
  const password = "0123456789abcdef".repeat(3);
  await writeFile(passwordPath, password, { mode: 0o600 });
  if (user) await chown(passwordPath, user.uid, user.gid);
  const data = join(root, "data");
  await binaries.run("initdb", [
    `--pgdata=${data}.new`,
    "--username=hallpass",
    `--pwfile=${passwordPath}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--no-instructions",
  ]);
  await rename(`${data}.new`, data);
  const port = await freePort();
  const settings = `-c port=${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=`;
  await binaries.run("pg_ctl", ["start", "-D", data, "-w", "-l", join(root, "server.log"), "-o", settings]);
  const url = addressUrl({ port, role: "hallpass", password });
  await query(Object.assign(new URL(url), { pathname: "/postgres" }).href, "create database hallpass");
  return {
    url,
    stop: async () => void (await binaries.run("pg_ctl", ["stop", "-D", data, "-m", "fast", "-w"])),
  };
}

/** Ends a child as a service manager would, or as the kernel does when memory is short. */
export async function endChild({ process: child }: Child, how: "stop" | "kill -9"): Promise<void> {
  const exit = once(child, "exit");
  if (how === "stop") child.stdin?.end();
  else child.kill("SIGKILL");
  await exit;
}

/** Runs one statement on a connection of its own. */
export async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
