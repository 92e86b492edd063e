import type { State } from "../domain/decide.ts";
import type { Person } from "../domain/person.ts";
import type { Refusal } from "../domain/refusal.ts";
import { readState } from "../persistence/requests.ts";
import { apply } from "./apply.ts";
import { refuseDecision } from "./decide-request.ts";
import type { PolicyDeps } from "./deps.ts";

export type GiveBackAnswer =
  | { readonly ending: true; readonly state: State }
  | { readonly ending: false; readonly refusal: Refusal; readonly state: State };

/** The requester gives their access back: all of it begins to end now. */
export async function giveBack(
  deps: PolicyDeps,
  { requestId, by, key }: { readonly requestId: string; readonly by: Person; readonly key: string },
): Promise<GiveBackAnswer> {
  const read = await readState(deps.db, deps.clock, requestId);
  if (!read) throw new Error(`no request ${requestId}`);
  let { state } = read;
  let refusal: Refusal = "grant_ended";
  let isEnding = false;
  for (const { id, status } of state.grants) {
    if (status !== "granting" && status !== "active") continue;
    const applied = await apply(deps, requestId, { type: "revoke", grantId: id, reason: "returned", by });
    ({ state } = applied);
    if (applied.applied) isEnding = true;
    else ({ refusal } = applied);
  }
  if (isEnding) return { ending: true, state };
  await refuseDecision(deps, {
    request: state.request,
    by,
    attempted: "return",
    refusal,
    key,
    now: read.now,
  });
  return { ending: false, refusal, state };
}
