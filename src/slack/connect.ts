import { setTimeout as sleep } from "node:timers/promises";
import type { WebClient } from "@slack/web-api";
import type { Logger } from "../logger.ts";
import { askedToWaitMs, wordFault } from "./client/errors.ts";
import type { Workspace } from "./directory/identify.ts";

/** What Slack says the bot token belongs to. */
export type Installation = {
  readonly workspace: Workspace;
  readonly botUserId: string;
  readonly botId: string;
};

/** What a retry loop needs: where to report errors, and when to give up. */
export type Trying = {
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly onTrouble: (why: string) => void;
};

const maxPauseMs = 30_000;
/** The same error is logged again after this many attempts, some ten minutes. */
export const sayAgainAfter = 20;

/**
 * Asks Slack who we are until it answers. A wrong token is logged as an error and retried, not a reason to exit: access
 * must still end on time while somebody fixes it.
 */
export async function connect(client: WebClient, trying: Trying): Promise<Installation> {
  return untilDone(trying, "SLACK_BOT_TOKEN", async () => {
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

/**
 * Retries until it works, at growing intervals of at most 30 s (longer if Slack asks), and reports each error. `token`:
 * the setting it needs.
 */
async function untilDone<T>(
  { log, signal, onTrouble }: Trying,
  token: "SLACK_BOT_TOKEN" | "SLACK_APP_TOKEN",
  work: () => Promise<T>,
): Promise<T> {
  let said: string | undefined;
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      const { why, waitMs } = readTrouble(error, token);
      onTrouble(why);
      const pauseMs = Math.max(waitMs, Math.min(maxPauseMs, 1_000 * 2 ** attempt));
      const isNews = why !== said || attempt % sayAgainAfter === 0;
      log[isNews ? "error" : "debug"]({ retryInSeconds: pauseMs / 1_000 }, why);
      said = why;
      await sleep(pauseMs, undefined, { signal });
    }
  }
}

/** Why Slack cannot be used, in words for an operator, and how long it asks to wait, in milliseconds. `token`: the setting it needs. */
export function readTrouble(
  error: unknown,
  token: "SLACK_BOT_TOKEN" | "SLACK_APP_TOKEN",
): { readonly why: string; readonly waitMs: number } {
  return { why: wordTrouble(error, token), waitMs: askedToWaitMs(error) };
}

/** Answers an operator's first question. */
export const stillEnds = "Access still ends on time.";

/** Why Slack cannot be used, in words for an operator. */
function wordTrouble(error: unknown, token: string): string {
  return `${wordFault(error, token)}. ${stillEnds}`;
}
