// `npm run playground`: a simulated Slack in the browser, with Hallpass and a database to guard, on this machine only.
import { createServer } from "node:net";
import path from "node:path";
import { parseArgs } from "node:util";
import { EmbeddedPostgresError, systemCode } from "../src/persistence/embedded/error.ts";
import { claimFolder, endServerAtOnce } from "./stage/folder.ts";
import { castOf } from "./stage/cast.ts";
import { PlaygroundError } from "./stage/playground-error.ts";
import { outsideSecrets, readStagePolicy, type StagePolicy } from "./stage/policy.ts";
import { startStage } from "./stage/stage.ts";
import { startPage } from "./web/server.ts";

const usage = `npm run playground -- [options]

  --fresh      begin anew: throws away what an earlier playground kept
  --port N     where the page is served (4444 unless told; 0 takes any free port)
  --policy F   plays by a policy of yours: a file, or a folder of files
  --data DIR   where everything is kept (.hallpass-playground unless told)
  --help       this text`;

const warning = `
  ################################################################
  #   PLAYGROUND: nothing in here is safe, and nothing is real.  #
  #   Anybody on this machine can be anybody in it. It listens   #
  #   on the loopback (127.0.0.1) only; leave it at that.        #
  ################################################################
`;

/** A Ctrl-C may come twice at once: from the terminal, and from npm, which passes it on. */
const sameSignalMs = 500;

type Settings = {
  readonly isFresh: boolean;
  readonly port: number;
  readonly dataDir: string;
  /** A policy of one's own. */
  readonly policyPath: string | undefined;
};

const startedAt = performance.now();
const stopping = new AbortController();
let endServer: (() => void) | undefined;

await main();

async function main(): Promise<never> {
  // All that is called here is on this machine, whatever proxy it has.
  process.env["no_proxy"] = "*";
  try {
    const settings = readArguments(process.argv.slice(2));
    if (settings === "help") console.log(usage);
    else await play(settings);
    process.exit(0);
  } catch (error) {
    // Told to stop while it started.
    if (stopping.signal.aborted && error === stopping.signal.reason) process.exit(0);
    const isKnown = error instanceof PlaygroundError || error instanceof EmbeddedPostgresError;
    console.error(isKnown ? error.message : error);
    process.exit(1);
  }
}

/** Runs until it is told to stop; what was started is closed again, in reverse, whatever happens. */
async function play({ isFresh, port, dataDir, policyPath }: Settings): Promise<void> {
  const stopped = stopOnSignals();
  // Before anything is started: what is wrong with it is said at once.
  const policy = await readStagePolicy(policyPath);
  say("Starting the playground of Hallpass");
  const claim = await claimFolder(dataDir, { isFresh, url: urlOf(port) });
  try {
    step(isFresh ? `A new beginning in ${dataDir}` : `Everything is kept in ${dataDir}`);
    await insistOnFree(port);
    const stage = await startStage({
      dataDir,
      policy,
      signal: stopping.signal,
      log: (done) => {
        // The first to be done is PostgreSQL.
        endServer ??= () => endServerAtOnce(dataDir);
        step(done);
      },
    });
    try {
      const page = await startPage(stage, { port });
      try {
        step("The page");
        const url = page.url.replace(/\/$/, "");
        await claim.tellUrl(url);
        say(warning);
        if (!policy.isOwn) say(wordPolicy(policy));
        say(`\n  Open ${url}\n\n  Ctrl-C ends it; what happened in it is kept.`);
        await stopped;
        say("\nStopping …");
      } finally {
        await page.close();
      }
    } finally {
      await stage.close();
      endServer = undefined;
    }
  } finally {
    await claim.release();
  }
  step("Stopped");
}

/** What it plays by, where that is not its own. */
function wordPolicy({ path: at, policy }: StagePolicy): string {
  const { accounts, leftOut } = castOf(policy);
  const outside = outsideSecrets(policy);
  return [
    `  It plays by ${at}; what you change there is in force a second later.`,
    `  ${accounts.length} of its people have accounts here${leftOut > 0 ? `, ${leftOut} have none` : ""}; a group kept in Slack or an on-call service is not read from there.`,
    ...(outside.length > 0
      ? [`  By ${outside.join(", ")} it reaches what is NOT a playground: access given there is real.`]
      : []),
  ].join("\n");
}

function readArguments(args: readonly string[]): Settings | "help" {
  const { fresh, port, data, policy, help } = parse(args);
  if (help) return "help";
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    throw new PlaygroundError(`--port expects a whole number from 0 to 65535, got “${port}”.\n\n${usage}`);
  }
  if (data.trim() === "") throw new PlaygroundError(`--data expects a folder, got nothing.\n\n${usage}`);
  if (policy?.trim() === "")
    throw new PlaygroundError(`--policy expects a file or a folder, got nothing.\n\n${usage}`);
  return {
    isFresh: fresh,
    port: Number(port),
    dataDir: path.resolve(data),
    policyPath: policy === undefined ? undefined : path.resolve(policy),
  };
}

function parse(args: readonly string[]): {
  fresh: boolean;
  port: string;
  data: string;
  policy?: string | undefined;
  help: boolean;
} {
  try {
    return parseArgs({
      args: [...args],
      options: {
        // npm takes `npm run playground --fresh` for a setting of its own, and hands it on like this.
        fresh: { type: "boolean", default: process.env["npm_config_fresh"] === "true" },
        port: { type: "string", default: "4444" },
        data: { type: "string", default: path.join(process.cwd(), ".hallpass-playground") },
        policy: { type: "string" },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    throw new PlaygroundError(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`, {
      cause: error,
    });
  }
}

/** Resolves with the first signal to stop; a later one ends everything at once. */
function stopOnSignals(): Promise<void> {
  return new Promise((resolve) => {
    let firstAt: number | undefined;
    const onSignal = (): void => {
      if (firstAt === undefined) {
        firstAt = performance.now();
        stopping.abort();
        resolve();
      } else if (performance.now() - firstAt > sameSignalMs) {
        endServer?.();
        process.exit(1);
      }
    };
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, onSignal);
    process.on("uncaughtException", (error) => {
      console.error("A bug ends the playground:", error);
      endServer?.();
      process.exit(1);
    });
  });
}

/** Said before anything is started, which takes its seconds. */
async function insistOnFree(port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const probe = createServer();
    probe.once("error", (error) => reject(systemCode(error) === "EADDRINUSE" ? taken(port) : error));
    probe.listen({ port, host: "127.0.0.1" }, () => probe.close(() => resolve()));
  });
}

function taken(port: number): PlaygroundError {
  return new PlaygroundError(
    `Port ${port} is taken by another process: end that, or choose another port: npm run playground -- --port ${port + 1}`,
  );
}

function urlOf(port: number): string {
  return `http://127.0.0.1:${port}`;
}

function step(what: string): void {
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1).padStart(5);
  say(`${seconds} s  ${what}`);
}

function say(text: string): void {
  console.log(text);
}
