import type { State } from "../../domain/state.ts";
import { isListed, isSamePerson, type Person } from "../../domain/person.ts";
import type { Refusal } from "../../domain/refusal.ts";
import type { Caller } from "../../identity/caller.ts";
import { readState } from "../../persistence/requests/requests.ts";
import { isAdmin } from "../../policy/people.ts";
import { apply } from "../apply.ts";
import { retryIfPersonChanged } from "./retry-if-person-changed.ts";
import type { PolicyDeps } from "../deps.ts";
import { authorityOver, readToday } from "./read-facts.ts";
import { type Refused, refuseAttempt } from "./refuse-attempt.ts";

export type EndAnswer =
  { readonly ending: true; readonly state: State } | ({ readonly ending: false } & Refused);

type PersonEnds = { readonly requestId: string; readonly by: Caller; readonly key: string };

/** Ends live access now: the requester returns it; anybody who may approve it, could have approved it, or is an admin withdraws it. */
export function endAccess(deps: PolicyDeps, asked: PersonEnds): Promise<EndAnswer> {
  return retryIfPersonChanged(() => endOnce(deps, asked));
}

async function endOnce(deps: PolicyDeps, { requestId, by: caller, key }: PersonEnds): Promise<EndAnswer> {
  const by = await deps.people.resolve(caller);
  const read = await readState(deps.db, deps.clock, requestId);
  if (!read) throw new Error(`no request ${requestId}`);
  const refuse = async (refusal: Refusal, state: State): Promise<EndAnswer> => ({
    ending: false,
    ...(await refuseAttempt(deps, { refusal, state, now: read.now }, { by, attempted: "end", key })),
  });
  const isOwn = isSamePerson(read.state.request.requester, by);
  if (!isOwn && !(await mayWithdraw(deps, read.state, by, read.now)))
    return refuse("not_approver", read.state);

  const reason = isOwn ? "returned" : "withdrawn";
  let { state } = read;
  let refusal: Refusal = "grant_ended";
  let isEnding = false;
  for (const { id, status } of state.grants) {
    if (status !== "granting" && status !== "active") continue;
    const applied = await apply(deps, requestId, { type: "revoke", grantId: id, reason, by });
    ({ state } = applied);
    if (applied.applied) isEnding = true;
    else ({ refusal } = applied);
  }
  return isEnding ? { ending: true, state } : refuse(refusal, state);
}

async function mayWithdraw(deps: PolicyDeps, { request }: State, by: Person, now: Date): Promise<boolean> {
  const policy = deps.policy();
  const today = await readToday(deps, policy, request);
  if (isAdmin(policy, today.facts.memberships, by.email)) return true;
  // Ending is the safe side: anybody who could approve it when it was filed, or could today, may do it.
  const steps = [...request.terms.steps, ...(authorityOver(policy, request, today, now)?.steps ?? [])];
  return steps.some(({ approvers }) => isListed(approvers, by));
}
