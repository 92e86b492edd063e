import type { GrantChange } from "../../domain/audit-event.ts";
import type { AccessRequest, PlannedGrant } from "../../domain/request/request.ts";
import { readState } from "../../persistence/requests/requests.ts";
import type { Policy } from "../../policy/policy.ts";
import type { PolicyDeps } from "../deps.ts";
import { grantChanges, planGrants } from "./plan-grants.ts";
import { evaluateAgain, type Today } from "./read-facts.ts";

/** Differences between what the request shows and what today's policy would grant; none if the policy would refuse it anyway. */
export async function changesToday(
  deps: Pick<PolicyDeps, "db" | "clock">,
  policy: Policy,
  request: AccessRequest,
  today: Today,
  now: Date,
): Promise<readonly GrantChange[]> {
  const evaluation = evaluateAgain(policy, request, today, now);
  if (evaluation.verdict === "refuse") return [];
  return grantChanges(await shownBy(deps, request), planGrants(policy, evaluation, today.requester.email));
}

/** An extension shows what the request it extends gave. */
async function shownBy(
  { db, clock }: Pick<PolicyDeps, "db" | "clock">,
  { planned, terms }: AccessRequest,
): Promise<readonly PlannedGrant[]> {
  if (!terms.extends) return planned;
  return (await readState(db, clock, terms.extends.requestId))?.state.request.planned ?? [];
}
