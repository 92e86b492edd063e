import { readLiveSystems } from "../persistence/grants.ts";
import type { PrismaClient } from "../generated/prisma/client.ts";
import { guardedTargets } from "../policy/guarded.ts";
import type { Policy } from "../policy/policy.ts";
import type { LiveProvider } from "../providers/open.ts";

type Providers = ReadonlyMap<string, LiveProvider>;

/** What a provider says of whether it can do its work. */
export type Checked = {
  readonly provider: string;
  /** What stands in its way; absent where nothing does. */
  readonly error?: unknown;
  /** What an operator should know all the same. */
  readonly warnings: readonly string[];
};

/** Has every provider of a policy say whether it can do its work for all roles that name it. */
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

/** Live access that no provider in use leads to any more: nobody could end it. */
export type Unreachable = { readonly provider: string; readonly what: string };

/** Looks whether what was granted can still be reached. Whatever cannot be asked now is not said to be elsewhere. */
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
