import { Counter, Gauge, Registry } from "prom-client";

/** What `/metrics` shows, in Prometheus' text format. */
export type Metrics = {
  readonly contentType: string;
  text(): Promise<string>;
  /** The policy was looked at again, and this is in force now. */
  policyLookedAt(outcome: "loaded" | "unchanged" | "refused", hash: string): void;
};

/** The metrics of one process. */
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
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    policyLookedAt(outcome, hash) {
      reloads.inc({ outcome });
      refused.set(outcome === "refused" ? 1 : 0);
      inForce.reset();
      inForce.set({ hash }, 1);
    },
  };
}
