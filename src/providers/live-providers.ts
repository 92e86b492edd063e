import type { Provider } from "./provider.ts";
import { createProviders } from "./registry.ts";

type Entries = ReadonlyMap<string, { readonly options: unknown }>;

/** The providers in use, which change when the policy does. */
export type LiveProviders = {
  /** Always the ones in use. */
  readonly byName: ReadonlyMap<string, Provider>;
  /**
   * Makes what a policy's providers need and are not in use yet, and hands back what puts them in use. Throws, and changes
   * nothing, when a secret is missing.
   */
  prepare(entries: Entries): () => void;
  close(): Promise<void>;
};

/**
 * Providers whose options stay the same stay as they are. One that a policy no longer names is kept while the process
 * runs: what it granted has still to be taken away.
 */
export function createLiveProviders(
  resolveSecret: (name: string) => string | undefined,
  onCloseError: (error: unknown) => void,
): LiveProviders {
  const byName = new Map<string, Provider>();
  const optionsOf = new Map<string, string>();
  return {
    byName,
    prepare(entries) {
      const changed = new Map(
        [...entries].filter(([name, { options }]) => optionsOf.get(name) !== JSON.stringify(options)),
      );
      const made = createProviders(changed, resolveSecret);
      return () => {
        for (const [name, provider] of made) {
          byName.get(name)?.close().catch(onCloseError);
          byName.set(name, provider);
          optionsOf.set(name, JSON.stringify(entries.get(name)?.options));
        }
      };
    },
    async close() {
      await Promise.all([...byName.values()].map((provider) => provider.close()));
    },
  };
}
