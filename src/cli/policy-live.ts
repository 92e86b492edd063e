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

export type Finding = {
  readonly provider: string;
  readonly message: string;
  /** It keeps the provider from its work; else it is good to know. */
  readonly isFault: boolean;
};

/** What a start with this policy would warn of: providers that can't do their work, live access that it reaches no more. */
export async function liveFindings(policy: Policy): Promise<readonly Finding[]> {
  const providers = openProviders(policy);
  try {
    const [checked, unreachable] = await Promise.all([
      checkProviders(providers, policy),
      unreachableBy(providers),
    ]);
    return [...checked.flatMap(wordChecked), ...unreachable];
  } finally {
    await Promise.all([...providers.values()].map((provider) => provider.close()));
  }
}

/** Where there is no database to ask, which access lives is not known: that is said, and the providers were asked all the same. */
async function unreachableBy(providers: ReturnType<typeof createProviders>): Promise<readonly Finding[]> {
  try {
    return await withDatabase(readSettings(), { mustExist: true }, async (databaseUrl) => {
      const database = openDatabase(databaseUrl);
      try {
        const found = await findUnreachable(database.prisma, providers);
        return found.map(({ provider, what }) => finding(provider, what));
      } finally {
        await database.close();
      }
    });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return [finding("live access", `not looked at, which takes Hallpass's database. ${error.message}`)];
  }
}

function wordChecked({ provider, error, warnings }: Checked): readonly Finding[] {
  if (error === undefined) return warnings.map((each) => finding(provider, each));
  return [finding(provider, `cannot do its work: ${wordsOf(error)}`, true)];
}

function finding(provider: string, words: string, isFault = false): Finding {
  return { provider, message: onOneLine(words), isFault };
}

function openProviders(policy: Policy): ReturnType<typeof createProviders> {
  try {
    return createProviders(policy.providers, secretsFrom());
  } catch (error) {
    // It names the provider and what is missing.
    throw new CommandError(wordsOf(error), { cause: error });
  }
}
