import { z } from "zod";
import { createHttpProvider, HttpOptions, HttpTarget } from "./http.ts";
import { createPostgresProvider, PostgresOptions, PostgresTarget } from "./postgres.ts";
import type { Provider } from "./provider.ts";

/** The systems Hallpass knows: what `providers:` may say of each, and what `grant:` may hold for it. */
export const providerTypes = {
  postgres: { options: PostgresOptions, target: PostgresTarget, tellsWhoKeeps: true },
  http: { options: HttpOptions, target: HttpTarget },
} as const;

const ProviderOptions = z.discriminatedUnion("type", [PostgresOptions, HttpOptions]);
type ProviderOptions = z.infer<typeof ProviderOptions>;

/**
 * Makes the providers a policy names. References such as `${ORDERS_DATABASE_URL}` in their options are resolved here, so
 * that no secret is ever in a policy; throws an `Error` that names the provider and what is missing, or not as it should be.
 */
export function createProviders(
  providers: ReadonlyMap<string, { readonly options: unknown }>,
  resolveSecret: (name: string) => string | undefined,
): ReadonlyMap<string, Provider> {
  return new Map(
    [...providers].map(([name, { options }]) => [
      name,
      createProvider(withSecrets(name, ProviderOptions.parse(options), resolveSecret)),
    ]),
  );
}

function createProvider(options: ProviderOptions): Provider {
  switch (options.type) {
    case "postgres":
      return createPostgresProvider(options);
    case "http":
      return createHttpProvider(options);
  }
}

function withSecrets(
  name: string,
  options: ProviderOptions,
  resolveSecret: (name: string) => string | undefined,
): ProviderOptions {
  const resolve = (text: string): string =>
    text.replace(/\$\{([^}]*)\}/g, (_, variable: string) => {
      const value = resolveSecret(variable);
      // An empty variable is what a forgotten one looks like in a compose file.
      if (value) return value;
      throw new Error(`Provider "${name}" needs the environment variable ${variable}, which is not set.`);
    });
  const resolved = Object.entries(options).map(([key, value]) => [
    key,
    typeof value === "string" ? resolve(value) : value,
  ]);
  const checked = ProviderOptions.safeParse(Object.fromEntries(resolved));
  if (checked.success) return checked.data;
  // Never what came: it may be a secret.
  const [issue] = checked.error.issues;
  throw new Error(`Provider "${name}", ${issue?.path.join(".")}: ${issue?.message}.`);
}
