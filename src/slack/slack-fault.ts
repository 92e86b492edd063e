import {
  WebAPIHTTPError,
  WebAPIPlatformError,
  WebAPIRateLimitedError,
  WebAPIRequestError,
} from "@slack/web-api";

/** A channel that cannot take our message, however often we try; a person has to mend it. */
export class ChannelError extends Error {}

/** What no retry mends: the channel takes nothing, the message is gone, or Slack will not have this one. */
export type PermanentFault = { readonly kind: "channel" | "message" | "refused"; readonly words: string };

const kindOf: Readonly<Record<string, PermanentFault["kind"]>> = {
  channel_not_found: "channel",
  not_in_channel: "channel",
  is_archived: "channel",
  is_inactive: "channel",
  restricted_action: "channel",
  restricted_action_read_only_channel: "channel",
  restricted_action_thread_only_channel: "channel",
  ekm_access_denied: "channel",
  message_not_found: "message",
  thread_not_found: "message",
  cannot_reply_to_message: "refused",
  restricted_action_non_threadable_channel: "refused",
  restricted_action_thread_locked: "refused",
  cant_update_message: "refused",
  edit_window_closed: "refused",
  messages_tab_disabled: "refused",
  cannot_dm_bot: "refused",
  user_not_found: "refused",
  user_disabled: "refused",
  thread_locked: "refused",
  msg_too_long: "refused",
  msg_blocks_too_long: "refused",
  invalid_blocks: "refused",
};

/** What no retry mends; `undefined` for everything that may pass. */
export function permanentFault(error: unknown): PermanentFault | undefined {
  if (error instanceof ChannelError) return { kind: "channel", words: error.message };
  const code = codeOf(error);
  const kind = code === undefined ? undefined : kindOf[code];
  if (code === undefined || kind === undefined) return undefined;
  const words = wordsOf[code];
  return { kind, words: words === undefined ? code : `${words}: ${code}` };
}

/** For whoever can mend it and does not read Slack's documentation. */
const wordsOf: Readonly<Record<string, string>> = {
  channel_not_found: "the bot sees no such channel any more",
  not_in_channel: "the bot is not in it",
  is_archived: "it is archived",
  is_inactive: "it is archived",
  restricted_action: "the bot may not post there",
  restricted_action_read_only_channel: "the bot may not post there",
};

const tokenCodes = new Set([
  "invalid_auth",
  "not_authed",
  "token_revoked",
  "token_expired",
  "account_inactive",
  "app_access_restricted",
  "access_denied",
  "org_login_required",
]);

/** Why Slack takes nothing from us at all, whatever we send: somebody has to put the token right. */
export function tokenFault(error: unknown): string | undefined {
  const code = codeOf(error);
  return code !== undefined && tokenCodes.has(code) ? code : undefined;
}

/** Slack's own name of an error that it answered with. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof WebAPIPlatformError ? error.data.error : undefined;
}

/** Slack gave up in the middle: part of it may be done. */
const halfDone = new Set(["fatal_error", "internal_error"]);
const neverSent = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "UND_ERR_CONNECT_TIMEOUT"]);

/** Whether Slack may have done what it was asked, although we were not told so. */
export function mayBeDone(error: unknown): boolean {
  if (error instanceof WebAPIRateLimitedError) return false;
  const code = codeOf(error);
  if (code !== undefined) return halfDone.has(code);
  if (error instanceof WebAPIRequestError) return !neverSent.has(causeCode(error.original) ?? "");
  return error instanceof WebAPIHTTPError ? error.statusCode >= 500 : true;
}

function causeCode(error: Error): string | undefined {
  const { cause } = error;
  const { code } = (cause instanceof Error ? cause : error) as NodeJS.ErrnoException;
  return code;
}
