import type { IdentityDeps, RecordDeps } from "../access/deps.ts";
import { offboard } from "../access/offboard.ts";
import type { Logger } from "../logger.ts";
import { findAccountsInUse } from "../persistence/live-requests.ts";

export type LeaverDeps = RecordDeps & IdentityDeps & { readonly log: Logger };

/** Slack tells when somebody is deactivated, but nobody may be listening then. */
const lookEveryMs = 10 * 60_000;

/** Looks now, and from time to time, whether somebody has left whose access is live or asked for, or whose approval counts. */
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

/** One account that cannot be looked up, or ended, keeps nobody else from being looked at. */
export async function offboardLeavers(deps: LeaverDeps): Promise<void> {
  // One after the other: Slack takes some hundred lookups a minute, and nobody waits for these.
  for (const slackId of await findAccountsInUse(deps.db)) {
    try {
      const standing = await deps.lookUp(slackId);
      if (standing.is === "gone") await offboard(deps, slackId);
      if (standing.is === "unknown")
        deps.log.info({ slackId }, `not known whether they have left: ${standing.why}`);
    } catch (error) {
      deps.log.warn(
        { err: error, slackId },
        "somebody who has left could not be offboarded; it is tried again",
      );
    }
  }
}
