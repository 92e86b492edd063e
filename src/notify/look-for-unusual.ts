import { flagApproval, type FlagDeps, flagRequest } from "../access/requests/flag-unusual.ts";
import type { ApprovalFlag } from "../domain/request/approval-anomalies.ts";
import type { Logger } from "../logger.ts";
import type { ClaimedEffect } from "../persistence/effects/effects.ts";

export type UnusualDeps = FlagDeps & { readonly log: Logger };

/** Records what is unusual about a request, before its approval message is composed. */
export async function lookAtRequest(
  deps: UnusualDeps,
  { requestId }: Pick<ClaimedEffect, "requestId">,
): Promise<void> {
  return unlessItFails(deps, requestId, undefined, () => flagRequest(deps, requestId));
}

/** Finds what is unusual about the approval that a message reports. */
export async function lookAtApproval(
  deps: UnusualDeps,
  { requestId, event }: ClaimedEffect<"tell_thread">,
): Promise<readonly ApprovalFlag[]> {
  if (event.type !== "approval.given" && event.type !== "request.approved") return [];
  return unlessItFails(deps, requestId, [], () => flagApproval(deps, requestId, event));
}

/** These findings are only informative, so a failure must not hold up the message. */
async function unlessItFails<T>(
  { log }: UnusualDeps,
  requestId: string,
  otherwise: T,
  look: () => Promise<T>,
): Promise<T> {
  try {
    return await look();
  } catch (error) {
    log.error({ err: error, request: requestId }, "it could not be found out what is unusual");
    return otherwise;
  }
}
