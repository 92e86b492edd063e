import { readLiveSystems } from "../persistence/grants.ts";
import type { PrismaClient } from "../generated/prisma/client.ts";
import { guardedTargets } from "../policy/guarded.ts";
import type { Policy } from "../policy/policy.ts";
import type { LiveProvider } from "../providers/open.ts";

export type CheckDeps = {
  readonly db: PrismaClient;
  readonly providers: ReadonlyMap<string, LiveProvider>;
  /** Told what stands in a provider's way, or what an operator should know of it. */
  readonly warn: (provider: string, what: string, error?: unknown) => void;
  /** Told which live access no provider of the policy leads to any more: nobody could end it. */
  readonly onUnreachable: (provider: string, what: string) => void;
};

/**
 * Has every provider of a policy say whether it can do its work for all roles that name it, and looks whether what was granted can
 * still be reached. Said early, while somebody watches; one that is away for a moment is no reason not to go on.
 */
export async function checkProviders(deps: CheckDeps, policy: Policy): Promise<void> {
  const guarded = guardedTargets(policy, []);
  const checks = [...policy.providers.keys()].map(async (name) => {
    const provider = deps.providers.get(name);
    if (!provider) return;
    const targets = guarded.filter((one) => one.provider === name).map(({ target }) => target);
    try {
      for (const warning of await provider.check(targets)) deps.warn(name, warning);
    } catch (error) {
      deps.warn(name, "cannot do its work yet", error);
    }
  });
  await Promise.all([...checks, lookForUnreachable(deps)]);
}

/** Whatever cannot be asked now is not said to be elsewhere. */
async function lookForUnreachable({ db, providers, onUnreachable }: CheckDeps): Promise<void> {
  const live = await readLiveSystems(db);
  if (live.length === 0) return;
  const identities = await Promise.allSettled(
    [...providers].map(async ([name, provider]) => ({ name, system: await provider.identity() })),
  );
  const known = identities.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const isAway = (name: string): boolean => providers.has(name) && !known.some((one) => one.name === name);
  for (const { provider, system, requests } of live) {
    if (known.some((one) => one.system === system) || isAway(provider)) continue;
    onUnreachable(
      provider,
      `live access of ${requests.join(", ")} was granted on ${system}, where no provider of the policy leads now: it cannot be ended until one does`,
    );
  }
}
