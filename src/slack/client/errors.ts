import { WebAPIPlatformError, WebAPIRateLimitedError, WebAPIRequestError } from "@slack/web-api";
import { AskedToWait } from "../../groups/pause.ts";
import { wordFailure } from "../../network/word-failure.ts";

/** A channel that cannot take our message, however often we retry; a person has to fix it. */
export class ChannelError extends Error {}

/** Slack's answer was unreadable: it may have carried out the call, or not. */
export class UnreadableAnswer extends Error {
  readonly status: number;

  constructor(status: number, what = "in place of an answer") {
    super(`it answered with HTTP ${status} ${what}`);
    this.name = "UnreadableAnswer";
    this.status = status;
  }
}

/**
 * What one of Slack's error codes is about. Nothing was done, unless Slack gave up in the middle (`may be done`). No
 * retry fixes an error about a `channel`, a `message` or this very call (`refused`); somebody has to fix the `token` or
 * the `app`. A code that is not listed is assumed to pass by itself.
 */
export type About = "token" | "app" | "channel" | "message" | "refused" | "busy" | "may be done";

type Known = { readonly about: About; readonly words?: string };

const reinstall = "install the app again from manifest.yml";
const newAppToken =
  "make a new app-level token with the scope connections:write (in the app's settings, under Basic Information)";

/**
 * Every error code that Hallpass treats specially, as named in Slack's reference
 * (https://docs.slack.dev/reference/methods); docs/slack.md has the same table for people. `words`: for those who can
 * fix it.
 */
export const knownErrors: Readonly<Record<string, Known>> = {
  invalid_auth: { about: "token" },
  not_authed: { about: "token" },
  token_revoked: { about: "token" },
  token_expired: { about: "token" },
  account_inactive: { about: "token" },
  access_denied: { about: "token" },
  app_access_restricted: { about: "token" },
  org_login_required: { about: "token" },

  missing_scope: { about: "app", words: `the Slack app lacks a scope: ${reinstall}` },
  no_permission: { about: "app", words: `the Slack app may not do this: ${reinstall}` },
  not_allowed_token_type: {
    about: "app",
    words:
      "it takes another kind of token: SLACK_BOT_TOKEN is the bot's (xoxb-), SLACK_APP_TOKEN the app's (xapp-)",
  },
  team_access_not_granted: {
    about: "app",
    words: "the app has no access to this workspace: an admin of the organisation has to add it there",
  },
  enterprise_is_restricted: {
    about: "app",
    words:
      "the organisation does not let its apps do this: install the app in the workspace, not the organisation",
  },
  plan_upgrade_required: {
    about: "app",
    words: "this workspace's Slack plan has no user groups: list the members in the policy instead",
  },

  channel_not_found: { about: "channel", words: "the bot sees no such channel any more" },
  not_in_channel: { about: "channel", words: "the bot is not in it" },
  is_archived: { about: "channel", words: "it is archived" },
  is_inactive: { about: "channel", words: "it is archived" },
  restricted_action: { about: "channel", words: "the bot may not post there" },
  restricted_action_read_only_channel: { about: "channel", words: "the bot may not post there" },
  restricted_action_thread_only_channel: { about: "channel", words: "only threads are allowed there" },
  ekm_access_denied: { about: "channel", words: "the workspace's admins do not let anything be sent there" },

  message_not_found: { about: "message" },
  thread_not_found: { about: "message" },

  cannot_reply_to_message: { about: "refused" },
  restricted_action_non_threadable_channel: { about: "refused" },
  restricted_action_thread_locked: { about: "refused" },
  thread_locked: { about: "refused" },
  cant_update_message: { about: "refused" },
  edit_window_closed: { about: "refused" },
  messages_tab_disabled: {
    about: "refused",
    words: "the app takes no direct messages: switch its Messages tab on, as manifest.yml does",
  },
  cannot_dm_bot: { about: "refused" },
  user_not_found: { about: "refused" },
  user_disabled: { about: "refused" },
  msg_too_long: { about: "refused" },
  msg_blocks_too_long: { about: "refused" },
  invalid_blocks: { about: "refused" },

  ratelimited: { about: "busy", words: "Slack asked to wait" },
  rate_limited: { about: "busy", words: "Slack asked to wait" },
  message_limit_exceeded: { about: "busy", words: "the workspace sends more messages than its plan allows" },

  fatal_error: { about: "may be done" },
  internal_error: { about: "may be done" },
  service_unavailable: { about: "may be done" },
};

/** The error code that Slack answered with. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof WebAPIPlatformError ? error.data.error : undefined;
}

/** Whether Slack answered, and refused. */
export function isPlatformError(error: unknown): boolean {
  return error instanceof WebAPIPlatformError;
}

/** What is known about an error code. Own properties only: a name that every object has is not one of Slack's. */
export function knownError(code: string): Known | undefined {
  return Object.hasOwn(knownErrors, code) ? knownErrors[code] : undefined;
}

function known(error: unknown): (Known & { readonly code: string }) | undefined {
  const code = codeOf(error);
  const found = code === undefined ? undefined : knownError(code);
  return code === undefined || !found ? undefined : { ...found, code };
}

/** An error that no retry fixes: the channel takes no messages, the message is gone, or Slack refuses this call. */
export type PermanentFault = { readonly kind: "channel" | "message" | "refused"; readonly words: string };

/** The permanent fault behind an error; `undefined` for everything that may pass. */
export function permanentFault(error: unknown): PermanentFault | undefined {
  if (error instanceof ChannelError) return { kind: "channel", words: error.message };
  const fault = known(error);
  if (!fault) return undefined;
  const { about, code, words } = fault;
  if (about !== "channel" && about !== "message" && about !== "refused") return undefined;
  return { kind: about, words: words === undefined ? code : `${words}: ${code}` };
}

/** The error code if Slack refuses the token, so that every call fails until somebody fixes it. */
export function tokenFault(error: unknown): string | undefined {
  const fault = known(error);
  return fault?.about === "token" ? fault.code : undefined;
}

/** Whether Slack does not let the app do this; it is retried slowly, because somebody may fix it. */
export function isAppFault(error: unknown): boolean {
  return known(error)?.about === "app";
}

const neverSent = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "UND_ERR_CONNECT_TIMEOUT", "ERR_PROXY"]);

/** Whether Slack may have carried out the call although we got no confirmation. */
export function mayBeDone(error: unknown): boolean {
  if (error instanceof WebAPIRateLimitedError) return false;
  if (codeOf(error) !== undefined) return known(error)?.about === "may be done";
  if (!(error instanceof WebAPIRequestError)) return true;
  const { original } = error;
  // A 4xx means that the request was read and rejected.
  if (original instanceof UnreadableAnswer) return original.status < 400 || original.status >= 500;
  return !neverSent.has(causeCode(original) ?? "");
}

function causeCode(error: Error): string | undefined {
  const { cause } = error;
  const { code } = (cause instanceof Error ? cause : error) as NodeJS.ErrnoException;
  return code;
}

/** How long Slack asks to wait, in milliseconds; 0 if it does not. Bounded where the answer is read. */
export function askedToWaitMs(error: unknown): number {
  if (error instanceof WebAPIRateLimitedError) return error.retryAfter * 1_000;
  return known(error)?.about === "busy" ? defaultWaitSeconds * 1_000 : 0;
}

/** The wait when Slack asks for a pause without saying how long. */
export const defaultWaitSeconds = 10;

/**
 * Why a call failed, in words for an operator, without the content of an unreadable answer. `token`: the setting that a
 * token's error is about.
 */
export function wordFault(error: unknown, token = "SLACK_BOT_TOKEN"): string {
  if (error instanceof AskedToWait) return error.message;
  if (error instanceof WebAPIPlatformError)
    return wordCode(error.data.error, "needed" in error.data ? error.data.needed : undefined, token);
  const original = error instanceof WebAPIRequestError ? error.original : error;
  if (original instanceof UnreadableAnswer)
    return `Slack cannot be used: ${original.message} (look at https://slack-status.com, and at what answers in its place)`;
  if (error instanceof WebAPIRateLimitedError) return `Slack asks to be left alone for ${error.retryAfter} s`;
  const said = original instanceof Error ? original.message.slice(0, maxSaid) : "the call failed";
  return `Slack cannot be reached: ${wordFailure(error) ?? said}`;
}

const maxSaid = 300;

/** Words for one of Slack's error codes, with the missing scope if there is one. */
export function wordCode(code: string, needed?: unknown, token = "SLACK_BOT_TOKEN"): string {
  const fault = knownError(code);
  const remedy = token === "SLACK_APP_TOKEN" ? newAppToken : reinstall;
  if (fault?.about === "token") return `Slack refuses the token (${code}): check ${token}, or ${remedy}`;
  if (code === "missing_scope" && typeof needed === "string" && scopes.test(needed)) {
    const what = token === "SLACK_APP_TOKEN" ? token : "the Slack app";
    return `${what} lacks the scope ${needed}: ${remedy} (${code})`;
  }
  return fault?.words === undefined ? `Slack refuses (${code})` : `${fault.words} (${code})`;
}

const scopes = /^[a-z:._,]{1,200}$/u;
