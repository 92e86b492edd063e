import { checkProviders } from "../access/check-providers.ts";
import { secretsFrom } from "../config.ts";
import { onOneLine } from "../domain/text.ts";
import { openDatabase } from "../persistence/database.ts";
import { wordsOf } from "../persistence/embedded-error.ts";
import type { Policy } from "../policy/policy.ts";
import { createProviders } from "../providers/registry.ts";
import { CommandError } from "./failure.ts";
import { readSettings } from "./settings.ts";
import { withDatabase } from "./storage.ts";

export type Finding = { readonly provider: string; readonly message: string };

/** What a start with this policy would warn of: providers that can't do their work, live access that it reaches no more. */
export async function liveFindings(policy: Policy): Promise<readonly Finding[]> {
  const found: Finding[] = [];
  const note = (provider: string, what: string, error?: unknown): void =>
    void found.push({
      provider,
      message: onOneLine(error === undefined ? what : `${what}: ${wordsOf(error)}`),
    });
  const providers = openProviders(policy);
  try {
    await withDatabase(readSettings(), { mustExist: true }, async (databaseUrl) => {
      const database = openDatabase(databaseUrl);
      try {
        await checkProviders({ db: database.prisma, providers, warn: note, onUnreachable: note }, policy);
      } finally {
        await database.close();
      }
    });
  } finally {
    await Promise.all([...providers.values()].map((provider) => provider.close()));
  }
  return found.toSorted((one, other) => (one.provider < other.provider ? -1 : 1));
}

function openProviders(policy: Policy): ReturnType<typeof createProviders> {
  try {
    return createProviders(policy.providers, secretsFrom());
  } catch (error) {
    // It names the provider and what is missing.
    throw new CommandError(wordsOf(error), { cause: error });
  }
}
