import type { State } from "../../domain/state.ts";
import type { Refusal } from "../../domain/refusal.ts";
import type { Caller } from "../../identity/caller.ts";
import { apply } from "../apply.ts";
import { askingAgain } from "./ask-again.ts";
import { refuseDecision } from "./decide-request.ts";
import type { PolicyDeps } from "../deps.ts";

export type CancelAnswer =
  | { readonly cancelled: true; readonly state: State }
  | { readonly cancelled: false; readonly refusal: Refusal; readonly state: State };

type PersonCancels = { readonly requestId: string; readonly by: Caller; readonly key: string };

/** Cancels a pending request for its requester. */
export function cancelRequest(deps: PolicyDeps, asked: PersonCancels): Promise<CancelAnswer> {
  return askingAgain(() => cancelOnce(deps, asked));
}

async function cancelOnce(
  deps: PolicyDeps,
  { requestId, by: caller, key }: PersonCancels,
): Promise<CancelAnswer> {
  const by = await deps.people.resolve(caller);
  const applied = await apply(deps, requestId, { type: "cancel", by });
  if (applied.applied) return { cancelled: true, state: applied.state };
  const { refusal, state, now } = applied;
  if (refusal !== "already_cancelled")
    await refuseDecision(deps, { request: state.request, by, attempted: "cancel", refusal, key, now });
  return { cancelled: false, refusal, state };
}
