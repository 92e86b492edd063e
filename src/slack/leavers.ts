import { offboard } from "../access/offboard.ts";
import type { RecordDeps } from "../access/deps.ts";
import type { Logger } from "../logger.ts";
import { findAskers } from "../persistence/live-requests.ts";
import type { Directory } from "./directory.ts";

export type LeaverDeps = RecordDeps & { readonly directory: Directory; readonly log: Logger };

/** Slack tells when somebody is deactivated, but nobody may be listening then. */
const lookEveryMs = 10 * 60_000;

/** Looks now, and from time to time, whether somebody whose access is live or asked for has left. */
export function watchForLeavers(deps: LeaverDeps): { stop(): void } {
  const look = (): void => {
    offboardLeavers(deps).catch((error: unknown) =>
      deps.log.warn({ err: error }, "it could not be looked up who has left; it is tried again"),
    );
  };
  look();
  const timer = setInterval(look, lookEveryMs).unref();
  return { stop: () => clearInterval(timer) };
}

async function offboardLeavers(deps: LeaverDeps): Promise<void> {
  // One after the other: Slack takes some hundred lookups a minute, and nobody waits for these.
  for (const slackId of await findAskers(deps.db)) {
    const account = await deps.directory.account(slackId);
    if (account?.isDeactivated === true) await offboard(deps, { slackId, email: account.email });
  }
}
