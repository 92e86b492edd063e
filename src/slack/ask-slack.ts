import { WebAPIPlatformError, WebAPIRateLimitedError } from "@slack/web-api";
import type { Pause } from "../groups/pause.ts";
import { wordFailure } from "../network/word-failure.ts";

/** Asks Slack something that is not asked while it wants to be left alone; errors say what an operator has to do. */
export async function askSlack<T>(pause: Pause, call: () => Promise<T>): Promise<T> {
  pause.respect();
  try {
    return await call();
  } catch (error) {
    if (error instanceof WebAPIRateLimitedError) throw pause.begin(error.retryAfter);
    throw new Error(wordTrouble(error), { cause: error });
  }
}

function wordTrouble(error: unknown): string {
  if (!(error instanceof WebAPIPlatformError))
    return `Slack cannot be reached: ${wordFailure(error) ?? (error instanceof Error ? error.message : String(error))}`;
  const { error: code } = error.data;
  if (code === "missing_scope") {
    const needed = "needed" in error.data ? String(error.data.needed) : "it needs for this";
    return `the Slack app lacks the scope ${needed}: install it again from manifest.yml`;
  }
  if (code === "plan_upgrade_required")
    return "this workspace's Slack plan has no user groups: list the members in the policy instead";
  return `Slack refuses to say (${code}): check SLACK_BOT_TOKEN, or install the app again from manifest.yml`;
}
