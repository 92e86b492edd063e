import { type Logger as SlackLogger, LogLevel } from "@slack/bolt";
import { WebClient, type WebClientOptions } from "@slack/web-api";
import type { Logger } from "../logger.ts";
import { outgoingFetch } from "../network/outgoing.ts";
import { privateViewId } from "./views/handover.ts";

/**
 * How Slack is called: bounded in time, without retries of the SDK's own. What must arrive is an effect and is tried
 * again from the database; what a person waits for is better answered with an error than half an hour later.
 */
export function webClientOptions(apiUrl: string, log: Logger): WebClientOptions {
  return {
    slackApiUrl: apiUrl,
    fetch: outgoingFetch,
    retryConfig: { retries: 0 },
    timeout: 10_000,
    rejectRateLimitedCalls: true,
    logger: slackLogger(log),
  };
}

export function createWebClient(botToken: string, apiUrl: string, log: Logger): WebClient {
  return new WebClient(botToken, webClientOptions(apiUrl, log));
}

/** The SDK's log lines, in ours. What it finds worth telling is our debugging: what matters is logged where it is handled. */
export function slackLogger(log: Logger): SlackLogger {
  const words = (parts: unknown[]): string => {
    const said = parts.map(String).join(" ");
    // The SDK tells whole bodies.
    return said.includes(privateViewId) ? "(about a window for one person's eyes)" : said;
  };
  return {
    debug: (...parts) => log.debug(words(parts)),
    info: (...parts) => log.debug(words(parts)),
    warn: (...parts) => log.warn(words(parts)),
    error: (...parts) => log.error(words(parts)),
    setLevel: () => {},
    getLevel: () => LogLevel.DEBUG,
    setName: () => {},
  };
}
