import { readLiveSystems } from "../persistence/requests/grants.ts";
import type { PrismaClient } from "../generated/prisma/client.ts";
import { guardedTargets } from "../policy/guarded.ts";
import type { Policy } from "../policy/policy.ts";
import type { LiveProvider } from "../providers/open.ts";

type Providers = ReadonlyMap<string, LiveProvider>;

/** A provider's answer to whether it can do its work. */
export type Checked = {
  readonly provider: string;
  /** What prevents it; absent if nothing does. */
  readonly error?: unknown;
  /** What an operator should know anyway. */
  readonly warnings: readonly string[];
};

/** Asks every provider of a policy whether it can do its work for all roles that name it. */
export async function checkProviders(providers: Providers, policy: Policy): Promise<readonly Checked[]> {
  const guarded = guardedTargets(policy, []);
  const known = [...policy.providers.keys()].flatMap((name) => {
    const provider = providers.get(name);
    return provider ? [{ name, provider }] : [];
  });
  return Promise.all(
    known.map(async ({ name, provider }): Promise<Checked> => {
      const targets = guarded.filter((one) => one.provider === name).map(({ target }) => target);
      try {
        return { provider: name, warnings: await provider.check(targets) };
      } catch (error) {
        return { provider: name, error, warnings: [] };
      }
    }),
  );
}

/** Live access in a system that no configured provider points to any more, so that nobody could end it. */
export type Unreachable = { readonly provider: string; readonly what: string };

/** Finds live access that cannot be reached any more. A provider that cannot be asked now is not counted as pointing elsewhere. */
export async function findUnreachable(
  db: PrismaClient,
  providers: Providers,
): Promise<readonly Unreachable[]> {
  const live = await readLiveSystems(db);
  if (live.length === 0) return [];
  const identities = await Promise.allSettled(
    [...providers].map(async ([name, provider]) => ({ name, system: await provider.identity() })),
  );
  const known = identities.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const isAway = (name: string): boolean => providers.has(name) && !known.some((one) => one.name === name);
  return live
    .filter(({ provider, system }) => !known.some((one) => one.system === system) && !isAway(provider))
    .map(({ provider, system, requests }) => ({
      provider,
      what: `live access of ${requests.join(", ")} was granted on ${system}, where no provider of the policy leads now: it cannot be ended until one does`,
    }));
}
