import type { IdentityDeps, RecordDeps } from "../../access/deps.ts";
import { offboard } from "../../access/lockdown/offboard.ts";
import type { Logger } from "../../logger.ts";
import { findAccountsInUse } from "../../persistence/requests/live-requests.ts";

export type LeaverDeps = RecordDeps & IdentityDeps & { readonly log: Logger };

/** Slack sends an event when an account is deactivated, but Hallpass may not be listening then. */
const lookEveryMs = 10 * 60_000;

/** Checks now, and from time to time, whether anybody has left who has or has requested access, or whose approval counts. */
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

/** Offboards everybody who has left; an account that cannot be looked up or offboarded does not stop the others. */
export async function offboardLeavers(deps: LeaverDeps): Promise<void> {
  // One at a time: Slack's rate limit is some hundred lookups a minute, and nobody waits for these.
  for (const account of await findAccountsInUse(deps.db)) {
    try {
      const status = await deps.lookUp(account);
      if (status.is === "gone") await offboard(deps, account);
      if (status.is === "unknown")
        deps.log.info({ account }, `not known whether they have left: ${status.why}`);
    } catch (error) {
      deps.log.warn(
        { err: error, account },
        "somebody who has left could not be offboarded; it is tried again",
      );
    }
  }
}
