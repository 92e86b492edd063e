import type { WebClient } from "@slack/web-api";
import type { Logger } from "../../logger.ts";
import { tokenFault, wordCode } from "./errors.ts";
import { stillEnds } from "../connect.ts";

/** Knows whether Slack accepts the bot's token. */
export type TokenWatch = {
  readonly isRefused: () => boolean;
  /** Why Slack refuses the token, in words for an operator; `undefined` while it is accepted. */
  readonly fault: () => string | undefined;
  /** Reports that a call was refused with this token error. */
  refused(code: string): void;
  /** Reports that Slack accepted the token. */
  accepted(): void;
  /** Registers what is called when Slack begins to refuse the token, and when it accepts it again. */
  onChange(listener: () => void): void;
};

const lookEveryMs = 60_000;
const lookAgainMs = 3_000;

/** Creates what is told of every answer of Slack that says something about the token. */
export function createTokenWatch(log: Logger): TokenWatch {
  let fault: string | undefined;
  const listeners: (() => void)[] = [];
  const change = (to: string | undefined): void => {
    fault = to;
    for (const listener of listeners) listener();
  };
  return {
    isRefused: () => fault !== undefined,
    fault: () => fault,
    refused(code) {
      if (fault !== undefined) return;
      const why = `${wordCode(code)}. ${stillEnds}`;
      log.error(why);
      change(why);
    },
    accepted() {
      if (fault === undefined) return;
      log.info("Slack accepts the token again; what waited is sent");
      change(undefined);
    },
    onChange: (listener) => void listeners.push(listener),
  };
}

/**
 * Tries the token every minute, and every few seconds while it is refused; while nothing is sent, nobody else would
 * notice either.
 */
export function tryToken(client: Pick<WebClient, "auth">, token: TokenWatch): { stop(): void } {
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;
  const lookLater = (): void => {
    clearTimeout(timer);
    const milliseconds = token.isRefused() ? lookAgainMs : lookEveryMs;
    if (!isStopped) timer = setTimeout(() => void look(), milliseconds).unref();
  };
  const look = async (): Promise<void> => {
    try {
      await client.auth.test();
      token.accepted();
    } catch (error) {
      // An outage of Slack says nothing about the token.
      const code = tokenFault(error);
      if (code !== undefined) token.refused(code);
    }
    lookLater();
  };
  token.onChange(lookLater);
  lookLater();
  return {
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
