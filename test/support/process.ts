import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { program } from "./program.ts";

const LogLine = z.looseObject({ level: z.number(), msg: z.string().default("") });
export type LogLine = z.infer<typeof LogLine>;

/** How a process ended: its exit code, or the signal that ended it. */
export type Ending = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

/** One run of `hallpass start`. */
export type Run = {
  readonly child: ChildProcess;
  /** All of its standard output and standard error so far. */
  output(): string;
  /** Standard error so far: what an operator sees of a start that failed. */
  errors(): string;
  /** The log lines so far. */
  lines(): readonly LogLine[];
  /** Resolves with the first log line that has these words; fails with all output when the process ends before. */
  says(words: string, timeoutMs?: number): Promise<LogLine>;
  /** Resolves with the milliseconds since its start, once it says that it is ready. */
  ready(timeoutMs?: number): Promise<number>;
  isRunning(): boolean;
  /** Resolves when the process ended and all it wrote is here. */
  readonly ended: Promise<Ending>;
  /** As the kernel does when memory is short. */
  kill(): Promise<void>;
  /** As a service manager does; fails unless it exits with 0 within 10 s. */
  stop(): Promise<void>;
  /** Asks its HTTP server. */
  get(path: string): Promise<{ readonly status: number; readonly body: string }>;
  /** The same where only operators ask. */
  ops(path: string): Promise<{ readonly status: number; readonly body: string }>;
};

const stopMilliseconds = 10_000;

/** Starts the built Hallpass with this environment and nothing of ours. */
export function startRun(
  env: Readonly<Record<string, string>>,
  cwd: string,
  args: readonly string[] = [],
): Run {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [...program, "start", ...args], {
    cwd,
    env: { PATH: process.env["PATH"], ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const written: { readonly text: string; readonly isError: boolean; readonly at: number }[] = [];
  const note = (isError: boolean) => (text: string) =>
    void written.push({ text, isError, at: performance.now() });
  createInterface(child.stdout).on("line", note(false));
  createInterface(child.stderr).on("line", note(true));
  // "close" comes after the last of its output, "exit" may not.
  const ended = once(child, "close").then((): Ending => ({ code: child.exitCode, signal: child.signalCode }));

  const textOf = (lines: typeof written): string => lines.map(({ text }) => text).join("\n");
  const output = (): string => textOf(written);
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;

  async function saying(words: string, timeoutMs: number): Promise<{ readonly line: LogLine; at: number }> {
    const deadline = performance.now() + timeoutMs;
    for (let next = 0; ; next += 1) {
      while (next >= written.length) {
        if (!isRunning()) await ended;
        if (next < written.length) break;
        if (!isRunning()) throw new Error(`Hallpass ended before it said “${words}”:\n${output()}`);
        if (performance.now() > deadline)
          throw new Error(`Hallpass did not say “${words}” within ${timeoutMs} ms:\n${output()}`);
        await sleep(10);
      }
      const found = written[next];
      const line = found && parse(found.text);
      if (found && line?.msg.includes(words)) return { line, at: found.at };
    }
  }

  async function ask(
    port: string,
    path: string,
  ): Promise<{ readonly status: number; readonly body: string }> {
    const response = await fetch(`http://127.0.0.1:${env[port]}${path}`);
    return { status: response.status, body: await response.text() };
  }

  return {
    child,
    output,
    errors: () => textOf(written.filter(({ isError }) => isError)),
    lines: () => written.map(({ text }) => parse(text)).filter((line) => line !== undefined),
    says: async (words, timeoutMs = 60_000) => (await saying(words, timeoutMs)).line,
    ready: async (timeoutMs = 60_000) => (await saying("Hallpass is ready", timeoutMs)).at - startedAt,
    isRunning,
    ended,
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
    async stop() {
      child.kill("SIGTERM");
      const ending = await Promise.race([ended, sleep(stopMilliseconds, undefined, { ref: false })]);
      if (ending?.code !== 0) {
        const what = ending ? `it ended with ${ending.code ?? ending.signal}` : "it still runs";
        throw new Error(`Told to stop, Hallpass should exit with 0 within 10 s, but ${what}:\n${output()}`);
      }
    },
    get: (path) => ask("PORT", path),
    ops: (path) => ask("OPS_PORT", path),
  };
}

function parse(text: string): LogLine | undefined {
  try {
    return LogLine.safeParse(JSON.parse(text)).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
