import { findOpenRequests } from "../persistence/live-requests.ts";
import { apply } from "./apply.ts";
import type { RecordDeps } from "./deps.ts";

/** An account that has left; Slack may not show its address any more. */
export type Leaver = { readonly slackId: string; readonly email?: string | undefined };

/** Somebody has left: their access ends now, and what they asked for is closed. Fine to be told twice. */
export async function offboard(deps: RecordDeps, leaver: Leaver): Promise<void> {
  for (const requestId of await findOpenRequests(deps.db, leaver))
    await endOpenRequest(deps, requestId, "offboarded");
}

/** Closes a request that waits, and begins to end what it gave. */
export async function endOpenRequest(
  deps: RecordDeps,
  requestId: string,
  reason: "offboarded" | "lockdown",
): Promise<void> {
  const { state } = await apply(deps, requestId, { type: "abandon", reason });
  for (const { id, status } of state.grants) {
    if (status === "granting" || status === "active")
      await apply(deps, requestId, { type: "revoke", grantId: id, reason });
  }
}
