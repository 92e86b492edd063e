import type { State } from "../domain/decide.ts";
import type { Person } from "../domain/person.ts";
import type { Refusal } from "../domain/refusal.ts";
import { apply } from "./apply.ts";
import { refuseDecision } from "./decide-request.ts";
import type { PolicyDeps } from "./deps.ts";
import { evaluateAgain, factsFor } from "./read-facts.ts";

export type StartAnswer =
  | { readonly started: true; readonly state: State }
  | { readonly started: false; readonly refusal: Refusal; readonly state: State };

/** The requester starts what was approved, if today's policy would still let them ask for it. */
export async function startAccess(
  deps: PolicyDeps,
  { requestId, by, key }: { readonly requestId: string; readonly by: Person; readonly key: string },
): Promise<StartAnswer> {
  const policy = deps.policy();
  const applied = await apply(deps, requestId, async ({ request }, now) => {
    const facts = await factsFor(deps, policy, request);
    return { type: "start", by, isAllowed: evaluateAgain(policy, request, facts, now).verdict !== "refuse" };
  });
  if (applied.applied) return { started: true, state: applied.state };
  const { refusal, state, now } = applied;
  if (refusal !== "already_started")
    await refuseDecision(deps, { request: state.request, by, attempted: "start", refusal, key, now });
  return { started: false, refusal, state };
}
