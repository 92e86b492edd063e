import type { LiveProvider } from "./open.ts";
import { createProviders, type ProviderEntry } from "./registry.ts";

type Entries = ReadonlyMap<string, ProviderEntry>;

/** The providers in use, which change when the policy does. */
export type LiveProviders = {
  /** Always holds the providers in use. */
  readonly byName: ReadonlyMap<string, LiveProvider>;
  /**
   * Opens a policy's providers that are not in use yet, and returns a function that switches to them. Throws, and
   * changes nothing, when a secret is missing.
   */
  prepare(entries: Entries): () => void;
  close(): Promise<void>;
};

/**
 * Creates the set of providers in use. Those whose options are unchanged stay open. One that the policy no longer names
 * is kept while the process runs, because what it granted still has to be revoked.
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
