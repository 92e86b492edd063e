import type { ProviderDefinition } from "./define.ts";
import * as list from "./list.ts";
import { type LiveProvider, openProvider } from "./open.ts";

/** Every kind of provider there is. */
export const providerDefinitions: readonly ProviderDefinition[] = Object.values<ProviderDefinition>(list);

/** Every kind of provider by its type, with what `providers:` and `grant:` may hold for it. */
export const providerTypes: Readonly<Record<string, ProviderDefinition>> = Object.fromEntries(
  providerDefinitions.map((definition) => [definition.type, definition]),
);

/** A provider's entry in a policy. */
export type ProviderEntry = { readonly type: string; readonly options: unknown };

/**
 * Opens the providers a policy names. References such as `${ORDERS_DATABASE_URL}` in their options are resolved here,
 * so that a policy never contains a secret; throws as `openProvider` does.
 */
export function createProviders(
  entries: ReadonlyMap<string, ProviderEntry>,
  secretOf: (name: string) => string | undefined,
): ReadonlyMap<string, LiveProvider> {
  return new Map(
    [...entries].map(([name, { type, options }]) => {
      const definition = providerTypes[type];
      if (!definition) throw new Error(`Provider "${name}" is of type ${type}, which there is none of.`);
      return [name, openProvider(name, definition, options, secretOf)];
    }),
  );
}
