import type { LiveProvider } from "./open.ts";
import { createProviders, type ProviderEntry } from "./registry.ts";

type Entries = ReadonlyMap<string, ProviderEntry>;

/** The providers in use, which change when the policy does. */
export type LiveProviders = {
  /** Always the ones in use. */
  readonly byName: ReadonlyMap<string, LiveProvider>;
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
  secretOf: (name: string) => string | undefined,
  onCloseError: (error: unknown) => void,
): LiveProviders {
  const byName = new Map<string, LiveProvider>();
  const writtenOf = new Map<string, string>();
  return {
    byName,
    prepare(entries) {
      const changed = new Map([...entries].filter(([name, entry]) => writtenOf.get(name) !== write(entry)));
      const made = createProviders(changed, secretOf);
      return () => {
        for (const [name, provider] of made) {
          const entry = changed.get(name);
          byName.get(name)?.close().catch(onCloseError);
          byName.set(name, provider);
          if (entry) writtenOf.set(name, write(entry));
        }
      };
    },
    async close() {
      await Promise.all([...byName.values()].map((provider) => provider.close()));
    },
  };
}

function write({ type, options }: ProviderEntry): string {
  return JSON.stringify([type, options]);
}
