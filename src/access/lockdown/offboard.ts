import { findOpenRequests } from "../../persistence/requests/live-requests.ts";
import { apply } from "../apply.ts";
import type { IdentityDeps, RecordDeps } from "../deps.ts";
import { discountApprovalsOf } from "../requests/discount-approvals.ts";

/**
 * Closes what an account asked for and ends what it has, because it may not act any more. If no other account of the person may act
 * either, also ends everything else they have, and their approvals of pending requests stop counting. Idempotent.
 */
export async function offboard(deps: RecordDeps & IdentityDeps, account: string): Promise<void> {
  const left = await deps.people.leave(account);
  const hasLeft = left !== undefined && (await haveAllLeft(deps, left.others));
  const whose = hasLeft ? { account, person: left.person } : { account };
  for (const requestId of await findOpenRequests(deps.db, whose))
    await endOpenRequest(deps, requestId, "offboarded");
  if (hasLeft) await discountApprovalsOf(deps, [left.person], "offboarded");
}

/** Whether these accounts are all gone. One that could not be looked up counts as there; it is looked at again. */
async function haveAllLeft({ lookUp }: IdentityDeps, accounts: readonly string[]): Promise<boolean> {
  const standings = await Promise.all(accounts.map(lookUp));
  return standings.every(({ is }) => is === "gone");
}

/** Closes a waiting request and begins to end its grants; returns how many of each. */
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
