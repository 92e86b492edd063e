import { join } from "node:path";
import { secretsFrom } from "../../src/config.ts";
import { wordFault } from "../../src/policy/language/fault.ts";
import { loadPolicy } from "../../src/policy/language/load.ts";
import type { Policy } from "../../src/policy/policy.ts";
import { secretReferences } from "../../src/policy/language/secret.ts";
import { createProviders, providerTypes } from "../../src/providers/registry.ts";
import { PlaygroundError } from "./playground-error.ts";

/** Where the orders database is, for a policy that guards it: the playground's own. */
export const ordersVariable = "ORDERS_DATABASE_URL";

/** What the playground plays by. */
export type StagePolicy = {
  /** A file, or a folder of files. */
  readonly path: string;
  readonly policy: Policy;
  /** It is the playground's own, which its first minute is about. */
  readonly isOwn: boolean;
};

/** The policy at this path, else the playground's own; throws a `PlaygroundError` with all that is wrong with it. */
export async function readStagePolicy(given?: string): Promise<StagePolicy> {
  const path = given ?? join(import.meta.dirname, "../hallpass.yml");
  const loaded = await loadPolicy(path, { providerTypes });
  if (!loaded.ok) throw new PlaygroundError(loaded.faults.map(wordFault).join("\n"));
  const { policy } = loaded;
  const secret = secretsFrom();
  const missing = outsideSecrets(policy).filter((name) => secret(name) === undefined);
  if (missing.length > 0)
    throw new PlaygroundError(
      missing
        .map((name) => `${name} is missing: ${path} refers to it as \${${name}}. Set it, and start again.`)
        .join("\n"),
    );
  insistOnOptions(policy, secret);
  return { path, policy, isOwn: given === undefined };
}

/** That what its references stand for is fit, too: it would be said only in the middle of the start. */
function insistOnOptions(policy: Policy, secret: (name: string) => string | undefined): void {
  const stands = (name: string): string | undefined =>
    name === ordersVariable ? "postgresql://orders@127.0.0.1/orders" : secret(name);
  try {
    for (const provider of createProviders(policy.providers, stands).values()) void provider.close();
  } catch (error) {
    throw new PlaygroundError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** What a policy needs of the environment: by it, it reaches what is not the playground's. */
export function outsideSecrets(policy: Policy): readonly string[] {
  return secretReferences(policy).filter((name) => name !== ordersVariable);
}
