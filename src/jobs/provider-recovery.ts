import type { RecordDeps } from "../access/deps.ts";
import { tryRevocationsNow } from "../access/carry-out/try-revocation.ts";
import type { Logger } from "../logger.ts";
import { findFailingProviders } from "../persistence/effects/effects.ts";
import type { LiveProvider } from "../providers/open.ts";

export type ProviderRecoveryDeps = RecordDeps & {
  readonly providers: ReadonlyMap<string, LiveProvider>;
  readonly log: Logger;
};

const pauseMs = 2_000;
/** An attempt begun while the provider was away may fail up to 10 s after its return, so retry at this many looks. */
const looksAfterReturn = 5;

/**
 * Asks providers with failed revocations whether they are back, and retries those revocations at once when one is;
 * after an hour of failures they are otherwise retried only every five minutes. One question per provider, however much
 * waits.
 */
export function watchProviderRecovery(deps: ProviderRecoveryDeps): { stop(): Promise<void> } {
  // How many looks in a row each provider has answered. One not asked before counts as away, because it may have come
  // back unobserved.
  const answered = new Map<string, number>();
  let looking: Promise<void> | undefined;
  const timer = setInterval(() => {
    looking ??= look(deps, answered)
      .catch((error: unknown) => deps.log.warn({ err: error }, "failing providers could not be looked for"))
      .finally(() => (looking = undefined));
  }, pauseMs);
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      await looking;
    },
  };
}

async function look(deps: ProviderRecoveryDeps, answered: Map<string, number>): Promise<void> {
  const failing = await findFailingProviders(deps.db);
  for (const name of answered.keys()) if (!failing.includes(name)) answered.delete(name);
  await Promise.all(
    failing.map(async (name) => {
      const looks = (await answers(deps.providers.get(name))) ? (answered.get(name) ?? 0) + 1 : 0;
      answered.set(name, looks);
      if (looks === 0 || looks > looksAfterReturn) return;
      const count = await tryRevocationsNow(deps, name);
      if (count > 0)
        deps.log.info({ provider: name, count }, "a provider answers; what is overdue is tried now");
    }),
  );
}

async function answers(provider: LiveProvider | undefined): Promise<boolean> {
  try {
    await provider?.identity();
    return provider !== undefined;
  } catch {
    // Each attempt to revoke reports the reason.
    return false;
  }
}
