import { type Logger as SlackLogger, LogLevel } from "@slack/bolt";
import { WebClient, type WebClientOptions } from "@slack/web-api";
import type { Logger } from "../../logger.ts";
import { type CallObserver, readingAnswers } from "./call-observer.ts";
import { privateViewId } from "../views/handover.ts";

/** Timeout of calls that a person waits for: an error now is better than an answer half an hour later. */
const timeoutMs = 10_000;
/** Timeout of background calls, which may be slow: giving up and sending again could post a message twice. */
const patientTimeoutMs = 60_000;

/**
 * Options for calling Slack: bounded in time, without the SDK's own retries. A message that must arrive is an effect
 * and is retried from the database.
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

/** What a client needs to call Slack as this bot. */
export type Calling = {
  readonly botToken: string;
  readonly apiUrl: string;
  readonly log: Logger;
  readonly observer?: CallObserver | undefined;
};

/** Creates the client for calls that somebody waits for. */
export function createWebClient({ botToken, apiUrl, log, observer }: Calling): WebClient {
  return new WebClient(botToken, webClientOptions(apiUrl, log, observer));
}

/** Creates the client for background calls. */
export function createPatientClient({ botToken, apiUrl, log, observer }: Calling): WebClient {
  return new WebClient(botToken, { ...webClientOptions(apiUrl, log, observer), timeout: patientTimeoutMs });
}

const maxSaid = 1_000;

/** Writes the SDK's log lines to our log. Its info level is our debug level, because important events are logged where they are handled. */
export function slackLogger(log: Logger): SlackLogger {
  const words = (parts: unknown[]): string => {
    // Further arguments are passed by mistake, by a loop in the SDK.
    const said = parts
      .slice(0, 2)
      .map((part) => String(part).slice(0, maxSaid))
      .join(" ");
    // The SDK logs whole payloads.
    return said.includes(privateViewId) ? "(about a window for one person's eyes)" : said;
  };
  return {
    debug: (...parts) => log.debug(words(parts)),
    info: (...parts) => log.debug(words(parts)),
    // Failed calls are logged where they are handled.
    warn: (...parts) =>
      parts[0] === "http request failed" ? log.debug(words(parts)) : log.warn(words(parts)),
    error: (...parts) => log.error(words(parts)),
    setLevel: () => {},
    getLevel: () => LogLevel.DEBUG,
    setName: () => {},
  };
}
