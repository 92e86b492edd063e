import type { State } from "../../domain/state.ts";
import type { Caller } from "../../identity/caller.ts";
import { apply } from "../apply.ts";
import { retryIfPersonChanged } from "./retry-if-person-changed.ts";
import type { PolicyDeps } from "../deps.ts";
import { type Refused, refuseAttempt } from "./refuse-attempt.ts";

export type CancelAnswer =
  { readonly cancelled: true; readonly state: State } | ({ readonly cancelled: false } & Refused);

type PersonCancels = { readonly requestId: string; readonly by: Caller; readonly key: string };

/** Cancels a pending request for its requester. */
export function cancelRequest(deps: PolicyDeps, asked: PersonCancels): Promise<CancelAnswer> {
  return retryIfPersonChanged(() => cancelOnce(deps, asked));
}

async function cancelOnce(
  deps: PolicyDeps,
  { requestId, by: caller, key }: PersonCancels,
): Promise<CancelAnswer> {
  const by = await deps.people.resolve(caller);
  const applied = await apply(deps, requestId, { type: "cancel", by });
  if (applied.applied) return { cancelled: true, state: applied.state };
  if (applied.refusal !== "already_cancelled")
    await refuseAttempt(deps, applied, { by, attempted: "cancel", key });
  return { cancelled: false, refusal: applied.refusal, state: applied.state };
}
