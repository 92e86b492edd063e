import { setTimeout as sleep } from "node:timers/promises";
import { WebAPIPlatformError, type WebClient } from "@slack/web-api";
import type { Logger } from "pino";
import type { Workspace } from "./authority.ts";

/** What Slack says the bot token is good for. */
export type Installation = {
  readonly workspace: Workspace;
  readonly botUserId: string;
  readonly botId: string;
};

const maxPauseMs = 30_000;

/**
 * Asks Slack who we are until it answers. A wrong token is said loudly and tried again, not a reason to exit: access
 * that is due to end still ends while somebody mends it.
 */
export async function connect(
  client: WebClient,
  options: { readonly log: Logger; readonly signal: AbortSignal; readonly onTrouble: (why: string) => void },
): Promise<Installation> {
  return untilDone(options, async () => {
    const answer = await client.auth.test();
    if (answer.team_id === undefined || answer.user_id === undefined || answer.bot_id === undefined) {
      throw new Error(
        "SLACK_BOT_TOKEN is not a bot token: use the “Bot User OAuth Token”, which begins with xoxb-",
      );
    }
    const enterpriseId = typeof answer.enterprise_id === "string" ? answer.enterprise_id : undefined;
    return {
      workspace: { teamId: answer.team_id, enterpriseId },
      botUserId: answer.user_id,
      botId: answer.bot_id,
    };
  });
}

/** Tries until it works, at growing intervals of at most 30 s, saying each time what is wrong. */
export async function untilDone<T>(
  {
    log,
    signal,
    onTrouble,
  }: { readonly log: Logger; readonly signal: AbortSignal; readonly onTrouble: (why: string) => void },
  work: () => Promise<T>,
): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      const why = wordTrouble(error);
      onTrouble(why);
      const pauseMs = Math.min(maxPauseMs, 1_000 * 2 ** attempt);
      log.error({ retryInSeconds: pauseMs / 1_000 }, why);
      await sleep(pauseMs, undefined, { signal });
    }
  }
}

function wordTrouble(error: unknown): string {
  if (error instanceof WebAPIPlatformError) {
    return `Slack refuses the token (${error.data.error}): check SLACK_BOT_TOKEN and SLACK_APP_TOKEN, or install the app again from manifest.yml. Access that is due to end is still ended.`;
  }
  return `Slack cannot be reached or used: ${error instanceof Error ? error.message : String(error)}`;
}
