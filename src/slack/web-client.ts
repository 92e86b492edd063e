import { type Logger as SlackLogger, LogLevel } from "@slack/bolt";
import { WebClient, type WebClientOptions } from "@slack/web-api";
import type { Logger } from "../logger.ts";
import { type CallObserver, readingAnswers } from "./call-observer.ts";
import { privateViewId } from "./views/handover.ts";

/** What a person waits for is better answered with an error than half an hour later. */
const timeoutMs = 10_000;
/** What is sent in the background may be slow: one that is given up and sent again would be there twice. */
const patientTimeoutMs = 60_000;

/**
 * How Slack is called: bounded in time, without retries of the SDK's own. What must arrive is an effect and is tried
 * again from the database.
 */
export function webClientOptions(apiUrl: string, log: Logger, observer?: CallObserver): WebClientOptions {
  return {
    slackApiUrl: apiUrl,
    fetch: readingAnswers(apiUrl, observer),
    retryConfig: { retries: 0 },
    timeout: timeoutMs,
    rejectRateLimitedCalls: true,
    logger: slackLogger(log),
  };
}

/** How Slack is called: as this bot. */
export type Calling = {
  readonly botToken: string;
  readonly apiUrl: string;
  readonly log: Logger;
  readonly observer?: CallObserver | undefined;
};

export function createWebClient({ botToken, apiUrl, log, observer }: Calling): WebClient {
  return new WebClient(botToken, webClientOptions(apiUrl, log, observer));
}

/** For what nobody waits for. */
export function createPatientClient({ botToken, apiUrl, log, observer }: Calling): WebClient {
  return new WebClient(botToken, { ...webClientOptions(apiUrl, log, observer), timeout: patientTimeoutMs });
}

const maxSaid = 1_000;

/** The SDK's log lines, in ours. What it finds worth telling is our debugging: what matters is logged where it is handled. */
export function slackLogger(log: Logger): SlackLogger {
  const words = (parts: unknown[]): string => {
    // More than two are what a loop of the SDK's hands on by mistake.
    const said = parts
      .slice(0, 2)
      .map((part) => String(part).slice(0, maxSaid))
      .join(" ");
    // The SDK tells whole bodies.
    return said.includes(privateViewId) ? "(about a window for one person's eyes)" : said;
  };
  return {
    debug: (...parts) => log.debug(words(parts)),
    info: (...parts) => log.debug(words(parts)),
    // Each call that fails is worded where it is handled.
    warn: (...parts) =>
      parts[0] === "http request failed" ? log.debug(words(parts)) : log.warn(words(parts)),
    error: (...parts) => log.error(words(parts)),
    setLevel: () => {},
    getLevel: () => LogLevel.DEBUG,
    setName: () => {},
  };
}
