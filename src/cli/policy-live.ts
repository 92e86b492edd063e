import { type Checked, checkProviders, findUnreachable } from "../access/check-providers.ts";
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
  const providers = openProviders(policy);
  try {
    return await withDatabase(readSettings(), { mustExist: true }, async (databaseUrl) => {
      const database = openDatabase(databaseUrl);
      try {
        const [checked, unreachable] = await Promise.all([
          checkProviders(providers, policy),
          findUnreachable(database.prisma, providers),
        ]);
        return [
          ...checked.flatMap(wordChecked),
          ...unreachable.map(({ provider, what }) => finding(provider, what)),
        ];
      } finally {
        await database.close();
      }
    });
  } finally {
    await Promise.all([...providers.values()].map((provider) => provider.close()));
  }
}

function wordChecked({ provider, error, warnings }: Checked): readonly Finding[] {
  const words = error === undefined ? warnings : [`cannot do its work yet: ${wordsOf(error)}`];
  return words.map((each) => finding(provider, each));
}

function finding(provider: string, words: string): Finding {
  return { provider, message: onOneLine(words) };
}

function openProviders(policy: Policy): ReturnType<typeof createProviders> {
  try {
    return createProviders(policy.providers, secretsFrom());
  } catch (error) {
    // It names the provider and what is missing.
    throw new CommandError(wordsOf(error), { cause: error });
  }
}
