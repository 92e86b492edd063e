import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import { type Slice, SliceResult } from "../slack-load.ts";
import type { BenchDatabase, Storage } from "./storage.ts";
import { workspace } from "./workspace.ts";

/** A server under load. */
export type Target = {
  readonly origin: string;
  /** Stands still while another is measured, so that what it still owes takes nobody's processor. */
  pause(): void;
  resume(): void;
  /** Milliseconds of processor time it has used so far; `NaN` where the system does not tell. */
  cpuMs(): number;
  /** Of its memory, what is in RAM now, in MiB; `NaN` where the system does not tell. */
  residentMiB(): number;
  stop(): Promise<void>;
};

const Ready = z.object({ ready: z.string() });

/** Starts a script of this folder's as a process of its own; resolves with where it can be reached. */
export async function startScript(
  name: string,
  args: readonly string[] = [],
): Promise<{ readonly process: ChildProcess; readonly url: string }> {
  const child = fork(join(import.meta.dirname, "..", name), [...args]);
  return { process: child, url: Ready.parse(await nextMessage(child)).ready };
}

/** The floor, on its own database. */
export async function startFloor({ floor, floorPolicyVersion }: Storage): Promise<Target> {
  const started = await startScript("slack-floor.ts", [floor.url, floorPolicyVersion]);
  return target(started.process, started.url);
}

const LogLine = z.object({
  level: z.number(),
  msg: z.string().default(""),
  port: z.number().optional(),
  err: z.object({ message: z.string() }).optional(),
});
const warning = 40;

/** Hallpass as it is shipped: `hallpass start` in HTTP mode. `nodeOptions`: such as `--cpu-prof`. */
export async function startHallpass(
  storage: Storage,
  database: BenchDatabase & { readonly policyPath?: string },
  slackUrl: string,
  options: { readonly redisUrl: string | undefined; readonly nodeOptions: readonly string[] },
): Promise<Target> {
  const entry = join(import.meta.dirname, "../../dist/cli/hallpass.js");
  const child = spawn(process.execPath, [...options.nodeOptions, entry, "start"], {
    cwd: storage.directory,
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      PATH: process.env["PATH"],
      SLACK_BOT_TOKEN: workspace.botToken,
      SLACK_SIGNING_SECRET: workspace.signingSecret,
      SLACK_API_URL: slackUrl,
      HOST: "127.0.0.1",
      PORT: "0",
      OPS_PORT: "0",
      DATABASE_URL: database.url,
      ORDERS_DATABASE_URL: storage.guardedUrl,
      HALLPASS_CONFIG: database.policyPath ?? storage.policyPath,
      ...(options.redisUrl === undefined ? {} : { REDIS_URL: options.redisUrl }),
    },
  });
  // What went wrong, and how often.
  const said = new Map<string, number>();
  const port = await new Promise<number>((resolve, reject) => {
    child.once("exit", (code) =>
      reject(new Error(`hallpass ended with ${code}:\n${[...said.keys()].join("\n")}`)),
    );
    createInterface(child.stdout).on("line", (line) => {
      const { level, msg, port: found, err } = LogLine.parse(JSON.parse(line));
      if (found !== undefined && msg === "Hallpass is ready") resolve(found);
      const words = `${msg} ${err?.message.trim().replaceAll(/\s+|[\da-f-]{36}\S*/g, " ") ?? ""}`;
      if (level >= warning) said.set(words, (said.get(words) ?? 0) + 1);
    });
  });
  const hallpass = target(child, `http://127.0.0.1:${port}`);
  return {
    ...hallpass,
    async stop() {
      await hallpass.stop();
      for (const [words, times] of said) console.log(`Hallpass logged ${times} ×: ${words}`);
    },
  };
}

function target(child: ChildProcess, origin: string): Target {
  return {
    origin,
    pause: () => child.kill("SIGSTOP"),
    resume: () => child.kill("SIGCONT"),
    cpuMs: () => cpuMsOf(child.pid ?? 0),
    residentMiB: () => residentMiBOf(child.pid ?? 0),
    stop: () => end(child),
  };
}

/** User and system time of all threads; Linux counts it in hundredths of a second (proc_pid_stat(5)). */
function cpuMsOf(pid: number): number {
  const [, user = NaN, system = NaN] = statOf(pid);
  return (user + system) * 10;
}

/** The process that started another; `NaN` where the system does not tell. */
export function parentOf(pid: number): number {
  return statOf(pid)[0] ?? NaN;
}

/** The same of a PostgreSQL server on this machine, by its first process, with all its processes that are and were. */
export function serverCpuMs(server: number): number {
  const [, ...times] = statOf(server);
  const children = readdirSync("/proc").filter((name) => statOf(Number(name))[0] === server);
  return (
    times.reduce((sum, time) => sum + time * 10, 0) +
    children.reduce((sum, pid) => sum + cpuMsOf(Number(pid)), 0)
  );
}

/** Parent, user time, system time, and both of the children that ended. None where it is not Linux: no figure, and nothing else depends on it. */
function statOf(pid: number): readonly number[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return [1, 11, 12, 13, 14].map((index) => Number(fields[index]));
  } catch {
    return [];
  }
}

function residentMiBOf(pid: number): number {
  try {
    const [, kib] = /^VmRSS:\s+(\d+) kB$/mu.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return Number(kib) / 1024;
  } catch {
    return NaN;
  }
}

export type Load = { run(slice: Slice): Promise<SliceResult>; stop(): Promise<void> };

/** The load generator. */
export async function startLoad(): Promise<Load> {
  const { process: child } = await startScript("slack-load.ts");
  return {
    async run(slice) {
      const answer = nextMessage(child);
      child.send(slice);
      return SliceResult.parse(await answer);
    },
    stop: () => end(child),
  };
}

/** What a process of ours says next. */
export function nextMessage(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onMessage = (message: unknown): void => {
      child.off("exit", onExit);
      resolve(message);
    };
    const onExit = (code: number | null): void => {
      child.off("message", onMessage);
      reject(new Error(`a process of the benchmark ended with ${code}`));
    };
    child.once("message", onMessage).once("exit", onExit);
  });
}

/** Ends a process of ours in order; whatever still runs after 15 s is killed. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGCONT");
  child.kill("SIGTERM");
  const impatience = setTimeout(() => child.kill("SIGKILL"), 15_000);
  await ended;
  clearTimeout(impatience);
}
