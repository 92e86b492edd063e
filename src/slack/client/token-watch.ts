import type { WebClient } from "@slack/web-api";
import type { Logger } from "../../logger.ts";
import { tokenFault, wordCode } from "./errors.ts";
import { stillEnds } from "../connect.ts";

/** Tracks whether Slack accepts the bot's token; while nothing is sent, nobody else would notice a refusal. */
export type TokenWatch = {
  readonly isRefused: () => boolean;
  /** Reports that a call was refused with this token error. */
  refused(code: string): void;
  /** Reports that Slack accepted the token. */
  accepted(): void;
  stop(): void;
};

export type TokenWatchDeps = {
  readonly client: Pick<WebClient, "auth">;
  readonly log: Logger;
  /** Called with the reason, in words for an operator, and with `undefined` once the token is accepted again. */
  readonly onChange: (why: string | undefined) => void;
};

const lookEveryMs = 60_000;
const lookAgainMs = 3_000;

/** Checks the token every minute, and every few seconds while it is refused. */
export function createTokenWatch({ client, log, onChange }: TokenWatchDeps): TokenWatch {
  let isRefused = false;
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;

  const lookIn = (milliseconds: number): void => {
    clearTimeout(timer);
    if (!isStopped) timer = setTimeout(() => void look(), milliseconds).unref();
  };
  const refused = (code: string): void => {
    if (isRefused) return;
    isRefused = true;
    const why = `${wordCode(code)}. ${stillEnds}`;
    log.error(why);
    onChange(why);
    lookIn(lookAgainMs);
  };
  const accepted = (): void => {
    if (!isRefused) return;
    isRefused = false;
    log.info("Slack accepts the token again; what waited is sent");
    onChange(undefined);
    lookIn(lookEveryMs);
  };
  const look = async (): Promise<void> => {
    try {
      await client.auth.test();
      accepted();
    } catch (error) {
      // An outage of Slack says nothing about the token.
      const code = tokenFault(error);
      if (code !== undefined) refused(code);
    }
    lookIn(isRefused ? lookAgainMs : lookEveryMs);
  };
  lookIn(lookEveryMs);

  return {
    isRefused: () => isRefused,
    refused,
    accepted,
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
