import type { State } from "../../domain/state.ts";
import type { Caller } from "../../identity/caller.ts";
import { isLockedDown } from "../../policy/lockdown.ts";
import { apply } from "../apply.ts";
import { retryIfPersonChanged } from "./retry-if-person-changed.ts";
import type { PolicyDeps } from "../deps.ts";
import { changesToday } from "./grant-changes.ts";
import { judgeByPolicy } from "./judge-by-policy.ts";
import { evaluateAgain, readToday } from "./read-facts.ts";
import { type Refused, refuseAttempt } from "./refuse-attempt.ts";

export type StartAnswer =
  { readonly started: true; readonly state: State } | ({ readonly started: false } & Refused);

type PersonStarts = { readonly requestId: string; readonly by: Caller; readonly key: string };

/** Starts approved access for the requester, if today's policy would still grant the same. */
export function startAccess(deps: PolicyDeps, asked: PersonStarts): Promise<StartAnswer> {
  return retryIfPersonChanged(() => startOnce(deps, asked));
}

async function startOnce(
  deps: PolicyDeps,
  { requestId, by: caller, key }: PersonStarts,
): Promise<StartAnswer> {
  const by = await deps.people.resolve(caller);
  const applied = await apply(deps, requestId, ({ request }, now) =>
    judgeByPolicy(deps, async (policy) => {
      const today = await readToday(deps, policy, request);
      return {
        type: "start",
        by,
        isLockedDown: isLockedDown(today.facts.lockdowns, by),
        isAllowed:
          evaluateAgain(policy, request, today, now).verdict !== "refuse" &&
          (await changesToday(deps, policy, request, today, now)).length === 0,
      };
    }),
  );
  if (applied.applied) return { started: true, state: applied.state };
  if (applied.refusal !== "already_started")
    await refuseAttempt(deps, applied, { by, attempted: "start", key });
  return { started: false, refusal: applied.refusal, state: applied.state };
}
