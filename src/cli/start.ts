import { setTimeout as sleep } from "node:timers/promises";
import type { Config } from "../config.ts";
import { readConfig, secretsFrom } from "../config.ts";
import type { Logger } from "../logger.ts";
import { createLogger } from "../logger.ts";
import { armCrashPoint } from "../crash-point.ts";
import { startHallpass } from "../main.ts";
import { wordFault } from "../policy/language/fault.ts";
import { type LoadedPolicy, loadPolicy } from "../policy/language/load.ts";
import type { Policy } from "../policy/policy.ts";
import { secretReferences } from "../policy/language/secret.ts";
import { providerTypes } from "../providers/registry.ts";
import { CommandError } from "./failure.ts";

/** How long a stop during startup waits to release what was opened; startup may be waiting for something that never comes. */
const startupPatienceMs = 8_000;

export type StartOptions = { readonly watch?: boolean };

/**
 * `hallpass start`: runs until SIGTERM or SIGINT, then exits; throws if it can't start. SIGHUP reloads the policy; with
 * `watch` a changed file does so too.
 */
export async function start({ watch = false }: StartOptions = {}): Promise<never> {
  const signalled = nextSignal();
  const read = readConfig();
  if (!read.ok) throw new CommandError(list("Hallpass can't start with these settings:", read.faults));
  const { config } = read;
  const secret = secretsFrom();
  const policy = await readPolicy(config, secret);
  const log = createLogger(config.logLevel);
  dieOfBugs(log);
  if (config.crashAt !== undefined) {
    armCrashPoint(config.crashAt);
    log.warn({ at: config.crashAt }, "This Hallpass is being tested and will kill itself");
  }
  const stopping = new AbortController();
  const policySource = {
    read: (): Promise<LoadedPolicy> => loadPolicy(config.policyPath, { providerTypes }),
    ...(watch ? { watchedPath: config.policyPath } : {}),
  };
  const starting = startHallpass({ config, policy, policySource, secret, log, signal: stopping.signal });
  process.on("SIGHUP", () => {
    starting
      .then((hallpass) => hallpass.reloadPolicy())
      .catch(() => log.warn("Hallpass has not started, so there is no policy to reload"));
  });
  const first = await Promise.race([signalled, starting]);
  const signal = typeof first === "string" ? first : await signalled;
  log.info({ signal }, "Hallpass stops");
  stopping.abort();
  const noHallpass = (error: unknown): void => {
    if (error !== stopping.signal.reason) log.warn({ err: error }, "Hallpass could not have started");
  };
  const hallpass = await Promise.race([starting.catch(noHallpass), sleep(startupPatienceMs)]);
  await hallpass?.stop();
  process.exit(0);
}

async function readPolicy(config: Config, secret: (name: string) => string | undefined): Promise<Policy> {
  const loaded = await loadPolicy(config.policyPath, { providerTypes });
  if (!loaded.ok) throw new CommandError(loaded.faults.map(wordFault).join("\n"));
  const missing = secretReferences(loaded.policy).filter((name) => secret(name) === undefined);
  if (missing.length === 0) return loaded.policy;
  const faults = missing.map(
    (name) => `${name} is missing: ${config.policyPath} refers to it as \${${name}}.`,
  );
  throw new CommandError(list("Hallpass can't start with this policy:", faults));
}

function list(title: string, faults: readonly string[]): string {
  return [title, ...faults.map((fault) => `  - ${fault}`)].join("\n");
}

/** Resolves with the first signal to stop; a second one ends the process at once. */
function nextSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let asked = false;
    const onSignal = (signal: NodeJS.Signals): void => {
      if (asked) process.exit(1);
      asked = true;
      resolve(signal);
    };
    process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  });
}

/**
 * Exits on a bug, because the state of the process can no longer be trusted: all that matters is in the database, and a
 * fresh process goes on from there. Node raises an unhandled rejection as an exception too.
 */
function dieOfBugs(log: Logger): void {
  process.on("uncaughtException", (error) => {
    log.fatal({ err: error }, "A bug ends Hallpass");
    process.exit(1);
  });
}
