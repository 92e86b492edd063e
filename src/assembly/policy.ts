import {
  createPolicyInForce,
  enforcePolicy,
  type PolicyInForce,
  type Reload,
} from "../access/policy-in-force.ts";
import { createLiveSinks } from "../audit/sinks/live-sinks.ts";
import type { LoadedPolicy } from "../policy/language/load.ts";
import { watchPolicy } from "../policy/language/watch.ts";
import type { Policy } from "../policy/policy.ts";
import { createLiveProviders } from "../providers/live-providers.ts";
import type { LiveProvider } from "../providers/open.ts";
import { tellAlerts } from "../notify/alerts.ts";
import { watchProviders } from "./providers.ts";
import type { Running } from "./running.ts";
import type { SlackClient } from "./slack-client.ts";
import type { Storage } from "./storage.ts";

export type PolicySource = {
  readonly read: () => Promise<LoadedPolicy>;
  /** Checked each second; absent: reloaded only when told to. */
  readonly watchedPath?: string;
};

export type Enforced = {
  readonly inForce: PolicyInForce;
  readonly policy: () => Policy;
  readonly providers: ReadonlyMap<string, LiveProvider>;
  /** Tells the alerts channel. */
  readonly tell: (text: string) => void;
  readonly reload: Reload;
};

/** Puts the policy in force, with its providers and its sinks. Throws errors meant for the operator. */
export async function startPolicy(
  running: Running & Storage & SlackClient,
  first: Policy,
  source: PolicySource | undefined,
): Promise<Enforced> {
  const { config, db, log, secret, closers, status, metrics, announcers } = running;
  const inForce = createPolicyInForce(first);
  const tell = (text: string): void =>
    tellAlerts({ announcers, log }, inForce.current().settings.alerts, text);
  const providers = createLiveProviders(secret, (error) =>
    log.warn({ err: error }, "a provider that was replaced could not be closed"),
  );
  closers.add(() => providers.close(), 500);
  const { dataDir } = config.database;
  const sinks = createLiveSinks({ ...running, resolveSecret: secret, dataDir, tell });
  closers.add(() => sinks.stop(), 1_000);
  metrics.watchSinks(() => sinks.lag());
  const reload = await enforcePolicy({
    ...running,
    policy: inForce,
    read: source?.read ?? ((): Promise<LoadedPolicy> => Promise.resolve(same(first))),
    prepare({ providers: providerEntries, sinks: sinkEntries }) {
      const [useProviders, useSinks] = [providers.prepare(providerEntries), sinks.prepare(sinkEntries)];
      return () => {
        useProviders();
        useSinks();
      };
    },
    tell,
    onOutcome: (outcome, { hash }) => metrics.policyLookedAt(outcome, hash),
    onError: (error, what) => log.error({ err: error }, what),
  });
  metrics.policyLookedAt("loaded", first.hash);
  const watch = watchProviders({ ...running, db, policy: inForce, providers: providers.byName });
  closers.add(() => watch.stop(), 500);
  status.watchDegraded(watch.troubled);
  if (source?.watchedPath !== undefined) {
    const file = watchPolicy(source.watchedPath, () => reload("watch"));
    closers.add(() => file.stop());
  }
  return { inForce, policy: inForce.current, providers: providers.byName, tell, reload };
}

function same(policy: Policy): LoadedPolicy {
  return { ok: true, policy, warnings: () => [] };
}
