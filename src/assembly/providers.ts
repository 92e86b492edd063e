import { type Checked, checkProviders, findUnreachable } from "../access/check-providers.ts";
import type { Metrics } from "../http/metrics.ts";
import type { PolicyInForce } from "../access/policy-in-force.ts";
import { runInLoop } from "../loop.ts";
import type { Logger } from "../logger.ts";
import type { PrismaClient } from "../generated/prisma/client.ts";
import type { LiveProvider } from "../providers/open.ts";
import { type Announcers, tellAlerts } from "../notify/alerts.ts";
import { messageOf } from "../error-message.ts";

export type ProviderWatch = {
  /** The providers that cannot do their work, and why. Hallpass and the other providers go on. */
  troubled(this: void): readonly string[];
  stop(): Promise<void>;
};

const everyMs = 60_000;

/**
 * Checks each minute whether every provider can do its work, for each role that the policy names, and at once when
 * another policy comes into force, as at a start. Changes are logged; a provider that is away for a moment is no reason
 * to stop.
 */
export function watchProviders({
  db,
  policy,
  announcers,
  providers,
  metrics,
  log,
}: {
  readonly db: PrismaClient;
  readonly policy: PolicyInForce;
  readonly announcers: Announcers;
  readonly providers: ReadonlyMap<string, LiveProvider>;
  readonly metrics: Metrics;
  readonly log: Logger;
}): ProviderWatch {
  let isNew = true;
  /** What was last logged about each. */
  const said = new Map<string, { readonly words: string; readonly isTroubled: boolean }>();
  let troubled: readonly string[] = [];

  function note({ provider, error, warnings }: Checked): void {
    const before = said.get(provider);
    const isTroubled = error !== undefined;
    const words = [...(isTroubled ? [messageOf(error)] : []), ...warnings].join("\n");
    if (before?.words === words) return;
    said.set(provider, { words, isTroubled });
    for (const warning of warnings) log.warn(`provider ${provider}: ${warning}`);
    if (isTroubled) log.warn({ err: error }, `provider ${provider}: cannot do its work`);
    else if (before?.isTroubled) log.info(`provider ${provider}: can do its work again`);
  }

  const loop = runInLoop(
    async () => {
      const checking = policy.current();
      const checked = await checkProviders(providers, checking);
      checked.forEach(note);
      troubled = checked.flatMap(({ provider, error }) =>
        error === undefined ? [] : [`provider ${provider}: ${messageOf(error)}`],
      );
      metrics.providersChecked(checked.map(({ provider, error }) => [provider, error === undefined]));
      if (!isNew) return everyMs;
      for (const { provider, what } of await findUnreachable(db, providers)) {
        log.warn(`provider ${provider}: ${what}`);
        tellAlerts({ announcers, log }, checking.settings.alerts, `⚠️ ${provider}: ${what}.`);
      }
      if (policy.current() === checking) isNew = false;
      return everyMs;
    },
    { log, fault: "the providers could not be checked" },
  );

  policy.onChange(() => {
    isNew = true;
    said.clear();
    loop.now();
  });
  return {
    troubled: () => troubled,
    stop: () => loop.stop(),
  };
}
