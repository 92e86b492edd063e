import { flagApproval, type FlagDeps, flagRequest } from "../access/flag-unusual.ts";
import type { ApprovalFlag } from "../domain/approval-anomalies.ts";
import type { Logger } from "../logger.ts";
import type { ClaimedEffect } from "../persistence/effects.ts";

export type UnusualDeps = FlagDeps & { readonly log: Logger };

/** Has what is unusual about a request remembered before its approval message is made. */
export async function lookAtRequest(
  deps: UnusualDeps,
  { requestId }: Pick<ClaimedEffect, "requestId">,
): Promise<void> {
  return unlessItFails(deps, requestId, undefined, () => flagRequest(deps, requestId));
}

/** What is unusual about the approval that is told. */
export async function lookAtApproval(
  deps: UnusualDeps,
  { requestId, event }: ClaimedEffect<"tell_thread">,
): Promise<readonly ApprovalFlag[]> {
  if (event.type !== "approval.given" && event.type !== "request.approved") return [];
  return unlessItFails(deps, requestId, [], () => flagApproval(deps, requestId, event));
}

/** What is only good to know holds no message up. */
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
