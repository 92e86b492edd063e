import type { ReloadOutcome } from "./access/policy-in-force.ts";
import { startAudit } from "./assembly/audit.ts";
import { createClosers } from "./assembly/closers.ts";
import { serveHttp } from "./assembly/http.ts";
import { type PolicySource, startPolicy } from "./assembly/policy.ts";
import type { Running } from "./assembly/running.ts";
import { createSlackClient } from "./assembly/slack-client.ts";
import { createSlackLink } from "./assembly/slack-link.ts";
import { serveSlack } from "./assembly/slack.ts";
import { createStatus } from "./assembly/status.ts";
import { openStorage } from "./assembly/storage.ts";
import { startWatches } from "./assembly/watches.ts";
import { startWork } from "./assembly/work.ts";
import type { Config } from "./config.ts";
import { createMetrics } from "./http/metrics.ts";
import type { Logger } from "./logger.ts";
import { type Clock, createDatabaseClock } from "./persistence/database/clock.ts";
import type { Policy } from "./policy/policy.ts";
import type { PaceLimits } from "./slack/delivery/pace.ts";

export type HallpassSettings = {
  readonly config: Config;
  /** The policy to begin with. */
  readonly policy: Policy;
  /** Where the policy is reloaded from; absent if it never changes. */
  readonly policySource?: PolicySource;
  /** What `${NAME}` in the policy stands for. */
  readonly secret: (name: string) => string | undefined;
  readonly log: Logger;
  /** Stops Hallpass, also while it starts: it then releases what it has, and throws the signal's reason. */
  readonly signal?: AbortSignal;
  /** The database's time by default. */
  readonly clock?: Clock;
  /** How fast messages may come into a channel; by default as fast as Slack takes them. */
  readonly pace?: PaceLimits;
};

export type Hallpass = {
  /** Where /healthz, a bare /readyz and, in HTTP mode, /slack/events are served. */
  readonly port: number;
  /** Where /metrics and why Hallpass is not ready are served, if anywhere. */
  readonly opsPort: number | undefined;
  readonly databaseUrl: string;
  /** Resolves once everything is carried out and Slack is connected. */
  readonly ready: Promise<void>;
  /** Puts the policy that is now on disk in force, if it is valid. */
  reloadPolicy(): Promise<ReloadOutcome>;
  /** Looks for what is due now, after a clock was moved. */
  look(): void;
  /** Seals the audit and publishes a checkpoint, without waiting for the hourly one. */
  publishAudit(): Promise<void>;
  /** Finishes or hands back what is in hand, within some 10 s, and releases everything. */
  stop(): Promise<void>;
};

/** How long parts that are still starting have to notice that Hallpass is told to stop. */
const startTimeoutMs = 4_000;

/**
 * Builds and starts Hallpass: health checks first, then the database, then the effects that are owed, then Slack.
 * Access that is due to end is ended as soon as the database answers, whether or not Slack does.
 */
export async function startHallpass(settings: HallpassSettings): Promise<Hallpass> {
  const { config, log, secret, signal, clock = createDatabaseClock() } = settings;
  const closers = createClosers(log);
  const stopping = new AbortController();
  const stop = (): Promise<void> => {
    stopping.abort();
    return closers.closeAll();
  };
  const onSignal = (): void => {
    stopping.abort(signal?.reason);
    // Parts that are starting and have not noticed by then are left behind.
    setTimeout(() => void stop(), startTimeoutMs).unref();
  };
  signal?.addEventListener("abort", onSignal, { once: true });

  try {
    signal?.throwIfAborted();
    const [status, metrics, link] = [createStatus(), createMetrics(), createSlackLink()];
    const running: Running = {
      config,
      log,
      clock,
      secret,
      signal: stopping.signal,
      closers,
      status,
      metrics,
    };
    const { http, opsPort } = await serveHttp(running, link.onRequest);
    const reaching = { ...running, ...(await openStorage(running)), ...createSlackClient(running) };
    const enforced = await startPolicy(reaching, settings.policy, settings.policySource);
    const parts = { ...reaching, ...enforced };
    const audit = await startAudit(parts);
    const work = startWork({ ...parts, link, http, pace: settings.pace });
    const watches = startWatches({ ...parts, ...work });
    const slack = serveSlack({ ...parts, ...work, audit, link, port: http.port });
    return {
      port: http.port,
      opsPort,
      databaseUrl: reaching.databaseUrl,
      ready: slack.ready,
      reloadPolicy: () => enforced.reload("signal"),
      publishAudit: () => audit.publish(),
      look() {
        for (const part of [work.sweep, watches, slack]) part.look();
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
