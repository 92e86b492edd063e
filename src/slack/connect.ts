import { setTimeout as sleep } from "node:timers/promises";
import { WebAPIPlatformError, WebAPIRateLimitedError, type WebClient } from "@slack/web-api";
import type { Logger } from "../logger.ts";
import { wordFailure } from "../network/word-failure.ts";
import type { Workspace } from "./authority.ts";

/** What Slack says the bot token is good for. */
export type Installation = {
  readonly workspace: Workspace;
  readonly botUserId: string;
  readonly botId: string;
};

/** What trying again needs: where to say what is wrong, and when to give up. */
export type Trying = {
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly onTrouble: (why: string) => void;
};

const maxPauseMs = 30_000;
/** A connection that ends sooner than this is not opened again at once: Slack may be ending each. */
const shortLifeMs = 10_000;

/**
 * Asks Slack who we are until it answers. A wrong token is said loudly and tried again, not a reason to exit: access
 * that is due to end still ends while somebody mends it.
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
 * Opens a connection, and again whenever it ends; resolves once it is open for the first time. The SDK would open it again
 * itself, but after an outage it waits for hours, and a token that is refused then ends the process.
 */
export async function stayConnected(
  app: { start(): Promise<void>; onDisconnected(listener: () => void): void },
  trying: Trying & { readonly onConnected: () => void },
): Promise<void> {
  const { log, signal, onConnected } = trying;
  let openedAt: number | undefined;
  const open = async (): Promise<void> => {
    await untilDone(trying, "SLACK_APP_TOKEN", () => app.start());
    openedAt = performance.now();
    onConnected();
  };
  app.onDisconnected(() => {
    // One that ends before it was open is the concern of whoever opens it.
    if (openedAt === undefined || signal.aborted) return;
    const pauseMs = performance.now() - openedAt < shortLifeMs ? pauseBefore(0) : 0;
    openedAt = undefined;
    log.info({ inSeconds: pauseMs / 1_000 }, "Slack ended the connection; it is opened again");
    sleep(pauseMs, undefined, { signal })
      .then(open)
      .catch((error: unknown) => {
        if (!signal.aborted) log.fatal({ err: error }, "Slack could not be connected again");
      });
  });
  await open();
}

/** Tries until it works, at growing intervals of at most 30 s, saying each time what is wrong. `token`: the setting it needs. */
async function untilDone<T>(
  { log, signal, onTrouble }: Trying,
  token: "SLACK_BOT_TOKEN" | "SLACK_APP_TOKEN",
  work: () => Promise<T>,
): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      const why = wordTrouble(error, token);
      onTrouble(why);
      const asked = error instanceof WebAPIRateLimitedError ? error.retryAfter * 1_000 : 0;
      const pauseMs = Math.max(asked, pauseBefore(attempt));
      log.error({ retryInSeconds: pauseMs / 1_000 }, why);
      await sleep(pauseMs, undefined, { signal });
    }
  }
}

function pauseBefore(attempt: number): number {
  return Math.min(maxPauseMs, 1_000 * 2 ** attempt);
}

/** What keeps us from Slack, in words for an operator. */
export function wordTrouble(error: unknown, token: string): string {
  if (error instanceof WebAPIPlatformError) {
    return `Slack refuses the token (${error.data.error}): check ${token}, or install the app again from manifest.yml. Access that is due to end is still ended.`;
  }
  const unsaid = "it ended the connection before it was open";
  const why = wordFailure(error) ?? (error instanceof Error ? error.message : unsaid);
  return `Slack cannot be reached or used: ${why}`;
}
