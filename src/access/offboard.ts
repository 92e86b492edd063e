import { findOpenRequests } from "../persistence/live-requests.ts";
import { apply } from "./apply.ts";
import type { IdentityDeps, RecordDeps } from "./deps.ts";
import { discountApprovalsOf } from "./discount-approvals.ts";

/**
 * An account may do nothing any more: what it asked for is closed and what it has ends now. So does whatever else its person has,
 * unless another account of theirs still may act; and then what they have approved does not count any more. Fine to be told twice.
 */
export async function offboard(deps: RecordDeps & IdentityDeps, slackId: string): Promise<void> {
  const left = await deps.people.leave(slackId);
  const hasLeft = left !== undefined && (await haveAllLeft(deps, left.others));
  const whose = hasLeft ? { slackId, person: left.person } : { slackId };
  for (const requestId of await findOpenRequests(deps.db, whose))
    await endOpenRequest(deps, requestId, "offboarded");
  if (hasLeft) await discountApprovalsOf(deps, [left.person], "offboarded");
}

/** An account that could not be asked for keeps what its person has; it is looked at again. */
async function haveAllLeft({ lookUp }: IdentityDeps, accounts: readonly string[]): Promise<boolean> {
  const standings = await Promise.all(accounts.map(lookUp));
  return standings.every(({ is }) => is === "gone");
}

/** Closes a request that waits, and begins to end what it gave. How much that was. */
export async function endOpenRequest(
  deps: RecordDeps,
  requestId: string,
  reason: "offboarded" | "lockdown",
): Promise<Ended> {
  const abandoned = await apply(deps, requestId, { type: "abandon", reason });
  let grants = 0;
  for (const { id, status } of abandoned.state.grants) {
    if (status !== "granting" && status !== "active") continue;
    const revoked = await apply(deps, requestId, { type: "revoke", grantId: id, reason });
    if (revoked.applied) grants += 1;
  }
  return { requests: abandoned.applied ? 1 : 0, grants };
}

/** How many requests were closed, and grants told to end. */
export type Ended = { readonly requests: number; readonly grants: number };
