import { WebClient, type WebClientOptions } from "@slack/web-api";

/**
 * How Slack is called: bounded in time, without retries of the SDK's own. What must arrive is an effect and is tried
 * again from the database; what a person waits for is better answered with an error than half an hour later.
 */
export function webClientOptions(apiUrl: string): WebClientOptions {
  return { slackApiUrl: apiUrl, retryConfig: { retries: 0 }, timeout: 10_000, rejectRateLimitedCalls: true };
}

export function createWebClient(botToken: string, apiUrl: string): WebClient {
  return new WebClient(botToken, webClientOptions(apiUrl));
}
