import { type Checked, checkProviders, findUnreachable } from "../../access/check-providers.ts";
import { readGroupConfig, secretsFrom } from "../../config.ts";
import { onOneLine } from "../../domain/text.ts";
import { openDatabase } from "../../persistence/database/database.ts";
import type { Policy } from "../../policy/policy.ts";
import { createProviders } from "../../providers/registry.ts";
import { createLogger } from "../../logger.ts";
import { lookAtChannels } from "../../slack/directory/channel-faults.ts";
import { createDirectory } from "../../slack/directory/directory.ts";
import { createWebClient } from "../../slack/client/web-client.ts";
import { CommandError } from "../failure.ts";
import { readSettings } from "../settings.ts";
import { withDatabase } from "../storage.ts";
import { messageOf } from "../../error-message.ts";

export type Finding = {
  /** A provider's name, or the name of whatever else was checked. */
  readonly provider: string;
  readonly message: string;
  /** True if it keeps the provider from working; false for a warning. */
  readonly isFault: boolean;
};

/**
 * What a start with this policy would warn about: providers that can't do their work, live access that they no longer
 * reach, channels that take no messages.
 */
export async function liveFindings(policy: Policy): Promise<readonly Finding[]> {
  const providers = openProviders(policy);
  try {
    const [checked, unreachable, channels] = await Promise.all([
      checkProviders(providers, policy),
      unreachableBy(providers),
      channelFindings(policy),
    ]);
    return [...checked.flatMap(wordChecked), ...unreachable, ...channels];
  } finally {
    await Promise.all([...providers.values()].map((provider) => provider.close()));
  }
}

/** The live access that providers can't reach. Without a database, says that it was not checked; the providers are checked all the same. */
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

async function channelFindings(policy: Policy): Promise<readonly Finding[]> {
  const read = readGroupConfig();
  if (!read.ok) return [finding("channels", `not looked at. ${read.faults.join(" ")}`)];
  const { slack } = read.config;
  if (!slack) return [finding("channels", "not looked at, which takes SLACK_BOT_TOKEN.")];
  const directory = createDirectory(createWebClient({ ...slack, log: createLogger("silent") }));
  const { faults, unseen } = await lookAtChannels(directory, policy);
  return [
    ...faults.map(({ channel, why }) => finding(channel, why, true)),
    ...(unseen === undefined ? [] : [finding("channels", `could not be looked at. ${unseen}`)]),
  ];
}

function wordChecked({ provider, error, warnings }: Checked): readonly Finding[] {
  if (error === undefined) return warnings.map((each) => finding(provider, each));
  return [finding(provider, `cannot do its work: ${messageOf(error)}`, true)];
}

function finding(provider: string, words: string, isFault = false): Finding {
  return { provider, message: onOneLine(words), isFault };
}

function openProviders(policy: Policy): ReturnType<typeof createProviders> {
  try {
    return createProviders(policy.providers, secretsFrom());
  } catch (error) {
    // The message names the provider and what is missing.
    throw new CommandError(messageOf(error), { cause: error });
  }
}
