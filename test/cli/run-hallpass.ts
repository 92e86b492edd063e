import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { program } from "../support/program.ts";

export interface Run {
  readonly cwd?: string;
  /** The whole environment, beside PATH. */
  readonly env?: Readonly<Record<string, string>>;
  readonly nodeOptions?: readonly string[];
}

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts the built CLI as a person would, with nothing of this process's environment. */
export function spawnHallpass(
  args: readonly string[],
  { cwd = tmpdir(), env = {}, nodeOptions = [] }: Run = {},
): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [...nodeOptions, ...program, ...args], {
    cwd,
    env: { PATH: process.env["PATH"], ...env },
  });
}

/** Runs it to its end. */
export async function hallpass(args: readonly string[], run: Run = {}): Promise<Ran> {
  const child = spawnHallpass(args, run);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { code: child.exitCode, stdout, stderr };
}

/** An empty folder that PostgreSQL's user may pass through when we are root. */
export async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "hallpass-cli-"));
  await chmod(folder, 0o755);
  return folder;
}
