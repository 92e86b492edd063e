import { setTimeout as sleep } from "node:timers/promises";
import type { Readiness } from "./health.ts";
import { Counter, Gauge, Registry } from "prom-client";

/** The metrics that `/metrics` shows, in Prometheus' text format. */
export type Metrics = {
  readonly contentType: string;
  text(): Promise<string>;
  /** Sets how to read, at each scrape, whether Hallpass is ready. */
  watchReadiness(read: () => Promise<Readiness>): void;
  /** Sets the number of open connections to Slack; none in HTTP mode. */
  readonly slackConnected: (count: number) => void;
  /** The policy was read again, and this one is in force now. */
  policyLookedAt(outcome: "loaded" | "unchanged" | "refused", hash: string): void;
  /** Sets how to read, at each scrape, how many messages wait for Slack. */
  watchMessages(read: () => Promise<WaitingMessages>): void;
  /** Sets how to read, at each scrape, how far behind the sinks of the audit are. */
  watchSinks(read: () => Promise<readonly LaggingSink[]>): void;
  /** The watchdog has looked: how many grants are overdue, and by how much the oldest is. */
  overdueSeen(count: number, oldestSeconds: number): void;
  /** The amount of drift by kind, and the providers that could not be read at the last look. */
  driftSeen(counts: Readonly<Record<string, number>>, troubled: readonly string[]): void;
  /** Whether each provider can do its work for every role that names it. */
  providersChecked(checked: readonly (readonly [provider: string, isReady: boolean])[]): void;
};

/** Messages that are due and not sent. */
export type WaitingMessages = { readonly count: number; readonly oldestSeconds: number };

/** How far a sink of the audit is behind. */
export type LaggingSink = {
  readonly sink: string;
  readonly events: number;
  readonly seconds: number;
  readonly atOdds: number;
};

const patienceMs = 2_000;
const notReady: Readiness = { ready: false, why: [] };

/** Creates the metrics of one process. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const reloads = new Counter({
    name: "hallpass_policy_reloads_total",
    help: "How often the policy was looked at again, by what came of it.",
    labelNames: ["outcome"] as const,
    registers,
  });
  const refused = new Gauge({
    name: "hallpass_policy_refused",
    help: "1 while the policy on disk is not fine and an earlier one stays in force.",
    registers,
  });
  const inForce = new Gauge({
    name: "hallpass_policy_in_force",
    help: "1 for the hash of the policy in force.",
    labelNames: ["hash"] as const,
    registers,
  });
  let readReadiness = (): Promise<Readiness> => Promise.resolve({ ready: false, why: [] });
  const readyNow = new Gauge({
    name: "hallpass_ready",
    help: "1 while Hallpass can do its work, 0 while it cannot; /readyz says why not.",
    registers,
  });
  const degradedBy = new Gauge({
    name: "hallpass_degraded",
    help: "How much of its work it cannot do while it does the rest; /readyz says what.",
    registers,
  });
  const connections = new Gauge({
    name: "hallpass_slack_connections",
    help: "Connections to Slack that are open, in Socket Mode; while there is none nobody is heard.",
    registers,
  });
  let readMessages = (): Promise<WaitingMessages> => Promise.resolve({ count: 0, oldestSeconds: 0 });
  const waiting = new Gauge({
    name: "hallpass_messages_waiting",
    help: "Messages that are due and not sent to Slack yet.",
    registers,
  });
  const oldest = new Gauge({
    name: "hallpass_messages_oldest_seconds",
    help: "For how long the oldest of them has been due.",
    registers,
  });
  let readSinks = (): Promise<readonly LaggingSink[]> => Promise.resolve([]);
  const sinkEvents = new Gauge({
    name: "hallpass_audit_sink_lag_events",
    help: "Sealed events that are not known to have arrived in a sink of the audit.",
    labelNames: ["sink"] as const,
    registers,
  });
  const sinkSeconds = new Gauge({
    name: "hallpass_audit_sink_lag_seconds",
    help: "For how long the first of them has waited.",
    labelNames: ["sink"] as const,
    registers,
  });
  const sinkAtOdds = new Gauge({
    name: "hallpass_audit_sink_at_odds",
    help: "How much the process that sends to a sink of the audit has found there that is not as Hallpass left it.",
    labelNames: ["sink"] as const,
    registers,
  });
  const overdue = new Gauge({
    name: "hallpass_overdue_revocations",
    help: "How many grants are not proven gone a minute after they should have ended.",
    registers,
  });
  const oldestOverdue = new Gauge({
    name: "hallpass_oldest_overdue_seconds",
    help: "How long ago the access that is overdue for longest should have ended; 0 when nothing is overdue.",
    registers,
  });
  const watchdogLooked = new Gauge({
    name: "hallpass_watchdog_last_look_timestamp_seconds",
    help: "When the watchdog last looked for overdue access; one that stands still says nothing.",
    registers,
  });
  const drift = new Gauge({
    name: "hallpass_drift",
    help: "What providers hold and should not (unknown, reappeared), or lack and should hold (vanished).",
    labelNames: ["kind"] as const,
    registers,
  });
  const troubledBy = new Gauge({
    name: "hallpass_drift_provider_trouble",
    help: "1 for a provider that could not be looked at for drift the last time.",
    labelNames: ["provider"] as const,
    registers,
  });
  const providerReady = new Gauge({
    name: "hallpass_provider_ready",
    help: "1 for a provider that can do its work for every role that names it, 0 for one that cannot.",
    labelNames: ["provider"] as const,
    registers,
  });
  return {
    contentType: registry.contentType,
    async text() {
      // When the database does not answer, which readiness reports, don't show old values as if they still held.
      const unknown = { count: NaN, oldestSeconds: NaN };
      const [{ count, oldestSeconds }, sinks, { ready, degraded = [] }] = await Promise.all([
        Promise.race([readMessages().catch(() => unknown), sleep(patienceMs, unknown, { ref: false })]),
        Promise.race([readSinks().catch(() => []), sleep(patienceMs, [], { ref: false })]),
        Promise.race([readReadiness().catch(() => notReady), sleep(patienceMs, notReady, { ref: false })]),
      ]);
      readyNow.set(ready ? 1 : 0);
      degradedBy.set(degraded.length);
      waiting.set(count);
      oldest.set(oldestSeconds);
      sinkEvents.reset();
      sinkSeconds.reset();
      sinkAtOdds.reset();
      for (const { sink, events, seconds, atOdds } of sinks) {
        sinkEvents.set({ sink }, events);
        sinkSeconds.set({ sink }, seconds);
        sinkAtOdds.set({ sink }, atOdds);
      }
      return registry.metrics();
    },
    watchReadiness(read) {
      readReadiness = read;
    },
    slackConnected: (count) => connections.set(count),
    policyLookedAt(outcome, hash) {
      reloads.inc({ outcome });
      refused.set(outcome === "refused" ? 1 : 0);
      inForce.reset();
      inForce.set({ hash }, 1);
    },
    watchMessages(read) {
      readMessages = read;
    },
    watchSinks(read) {
      readSinks = read;
    },
    overdueSeen(count, oldestSeconds) {
      overdue.set(count);
      oldestOverdue.set(oldestSeconds);
      watchdogLooked.setToCurrentTime();
    },
    driftSeen(counts, troubled) {
      for (const [kind, count] of Object.entries(counts)) drift.set({ kind }, count);
      troubledBy.reset();
      for (const provider of troubled) troubledBy.set({ provider }, 1);
    },
    providersChecked(checked) {
      providerReady.reset();
      for (const [provider, isReady] of checked) providerReady.set({ provider }, isReady ? 1 : 0);
    },
  };
}
