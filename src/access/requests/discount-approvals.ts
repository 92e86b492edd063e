import type { AccessRequest, DiscountReason, PersonalDecision } from "../../domain/request/request.ts";
import { findApprovedBy } from "../../persistence/requests/live-requests.ts";
import { isLockedDown } from "../../policy/lockdown.ts";
import { apply } from "../apply.ts";
import type { RecordDeps } from "../deps.ts";
import type { Today } from "./read-facts.ts";

/** Stops approvals of a request from counting if their givers are locked down, have left, or turned out to be the requester. */
export async function discountWhoMayNotDecide(
  deps: RecordDeps,
  request: AccessRequest,
  today: Today,
): Promise<void> {
  for (const decision of request.decisions) {
    if (decision.verdict !== "approve" || decision.discounted !== undefined) continue;
    const why = whyNot(request, decision, today);
    if (why) await apply(deps, request.id, { type: "discount", person: decision.person, why });
  }
}

function whyNot(
  { requester }: AccessRequest,
  { person }: PersonalDecision,
  { facts, approvers }: Today,
): DiscountReason | undefined {
  if (person === requester.id) return "own";
  if (isLockedDown(facts.lockdowns, { id: person })) return "lockdown";
  return approvers.get(person)?.is === "gone" ? "offboarded" : undefined;
}

/** Stops these people's approvals of pending requests from counting; returns how many there were. */
export async function discountApprovalsOf(
  deps: RecordDeps,
  persons: readonly number[],
  why: DiscountReason,
): Promise<number> {
  let discounted = 0;
  for (const { requestId, person } of await findApprovedBy(deps.db, persons)) {
    const { applied } = await apply(deps, requestId, { type: "discount", person, why });
    if (applied) discounted += 1;
  }
  return discounted;
}
