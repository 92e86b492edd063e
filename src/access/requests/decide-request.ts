import { awaitedBy, type Authority } from "../../domain/request/approvals.ts";
import type { CommandOf } from "../../domain/command.ts";
import type { State } from "../../domain/state.ts";
import type { Refusal } from "../../domain/refusal.ts";
import type { AccessRequest } from "../../domain/request/request.ts";
import { storable } from "../../domain/text.ts";
import type { Caller } from "../../identity/caller.ts";
import { wordRefusals } from "../../policy/explain/refusal-words.ts";
import { isLockedDown } from "../../policy/lockdown.ts";
import type { Policy } from "../../policy/policy.ts";
import { apply } from "../apply.ts";
import { retryIfPersonChanged } from "./retry-if-person-changed.ts";
import type { PolicyDeps } from "../deps.ts";
import { discountWhoMayNotDecide } from "./discount-approvals.ts";
import { changesToday } from "./grant-changes.ts";
import { offboard } from "../lockdown/offboard.ts";
import { judgeByPolicy } from "./judge-by-policy.ts";
import { authorityOver, evaluateAgain, readToday, accountStatusOf, type Today } from "./read-facts.ts";
import { refuseAttempt } from "./refuse-attempt.ts";

export type PersonDecides = {
  readonly requestId: string;
  readonly by: Caller;
  readonly verdict: { readonly type: "approve" } | { readonly type: "deny"; readonly reason: string };
  /** Idempotency key of the click: delivered again, it changes nothing. */
  readonly key: string;
};

export type DecisionAnswer =
  | { readonly decided: true; readonly state: State }
  | {
      readonly decided: false;
      readonly refusal: Refusal;
      readonly state: State;
      /** Who may decide it, by today's policy. */
      readonly approvers: readonly string[];
      /** What today's policy would tell the requester, if that is why nobody may decide it. */
      readonly why?: string;
    };

/** Approves or denies a request for a person. Today's policy says who may; a refusal is recorded, and does not decide the request. */
export function decideRequest(deps: PolicyDeps, decision: PersonDecides): Promise<DecisionAnswer> {
  return retryIfPersonChanged(() => decideOnce(deps, decision));
}

async function decideOnce(deps: PolicyDeps, decision: PersonDecides): Promise<DecisionAnswer> {
  const { requestId, key } = decision;
  const by = await deps.people.resolve(decision.by);
  let looks = 0;
  const applied = await apply(deps, requestId, ({ request }, now) =>
    judgeByPolicy(deps, async (policy) => {
      const { verdict } = decision;
      // The cached lockdowns may be a second old. The write checks them again; after a lost race, read them afresh.
      if (looks > 0) deps.lockdowns.forget();
      looks += 1;
      const [today, approver] = await Promise.all([
        readToday(deps, policy, request, () => deps.lockdowns.read()),
        verdict.type === "approve" ? accountStatusOf(deps, by) : undefined,
      ]);
      const authority = authorityOver(policy, request, today, now);
      const judged = {
        by,
        key,
        policyVersion: policy.hash,
        isLockedDown: isLockedDown(today.facts.lockdowns, by),
        ...(authority && { authority }),
      };
      if (verdict.type === "deny") return { type: "deny", reason: storable(verdict.reason), ...judged };
      // A discount is a transition of its own: this decision then loses the race to it, and is judged again.
      await discountWhoMayNotDecide(deps, request, today);
      return {
        type: "approve",
        ...judged,
        ...(approver && { approver: approver.is }),
        ...(await approvability(deps, policy, request, today, now)),
      };
    }),
  );
  if (applied.applied) return { decided: true, state: applied.state };
  const { refusal, state, now } = applied;
  const { request } = state;
  if (refusal === "repeated") return { decided: true, state };
  const attempted = decision.verdict.type;
  const policy = deps.policy();
  await refuseAttempt(deps, applied, { by, attempted, key });
  const today = await readToday(deps, policy, request);
  // Slack may not have sent an event.
  if (refusal === "approver_gone" && by.account !== undefined) await offboard(deps, by.account);
  await closeWhatCannotBe(deps, policy, request, { refusal, today, now });
  const approvers = approversNow(authorityOver(policy, request, today, now), request);
  const evaluation = evaluateAgain(policy, request, today, now);
  const why =
    refusal === "policy_changed" && evaluation.verdict === "refuse"
      ? { why: wordRefusals(evaluation.refusals) }
      : undefined;
  return { decided: false, refusal, state, approvers, ...why };
}

/** What may prevent an approval, apart from who gives it. */
async function approvability(
  deps: PolicyDeps,
  policy: Policy,
  request: AccessRequest,
  today: Today,
  now: Date,
): Promise<Pick<CommandOf<"approve">, "approvalsSeen" | "requester" | "isChanged">> {
  return {
    approvalsSeen: today.facts.approvalsSeen,
    requester: today.accountStatus.is,
    isChanged: (await changesToday(deps, policy, request, today, now)).length > 0,
  };
}

/** Closes a request that can never be approved as it stands, and tells everybody who waits why. */
async function closeWhatCannotBe(
  deps: PolicyDeps,
  policy: Policy,
  request: AccessRequest,
  { refusal, today, now }: { readonly refusal: Refusal; readonly today: Today; readonly now: Date },
): Promise<void> {
  const { account } = request.requester;
  if (refusal === "requester_gone" && account !== undefined) await offboard(deps, account);
  if (refusal !== "grant_changed") return;
  const changes = await changesToday(deps, policy, request, today, now);
  await apply(deps, request.id, { type: "abandon", reason: "policy_changed", changes });
}

/** The people whose approval would advance the request. */
export function approversNow(authority: Authority | undefined, request: State["request"]): readonly string[] {
  return (authority && awaitedBy(request.decisions, authority)?.approvers) ?? [];
}
