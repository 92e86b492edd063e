import type { State } from "../../domain/state.ts";
import type { AccessRequest } from "../../domain/request/request.ts";
import { storable } from "../../domain/text.ts";
import type { Caller } from "../../identity/caller.ts";
import type { Facts } from "../../policy/decide/ask.ts";
import { isLockedDown } from "../../policy/lockdown.ts";
import { peopleAmong } from "../../policy/people.ts";
import type { Policy } from "../../policy/policy.ts";
import { apply } from "../apply.ts";
import { retryIfPersonChanged } from "./retry-if-person-changed.ts";
import type { PolicyDeps } from "../deps.ts";
import { judgeByPolicy } from "./judge-by-policy.ts";
import { readToday } from "./read-facts.ts";
import { type Refused, refuseAttempt } from "./refuse-attempt.ts";

export type PersonReviews = {
  readonly requestId: string;
  readonly by: Caller;
  readonly verdict: "accept" | "object";
  readonly note: string;
  /** Idempotency key of the interaction: delivered again, it changes nothing. */
  readonly key: string;
};

export type ReviewAnswer =
  { readonly reviewed: true; readonly state: State } | ({ readonly reviewed: false } & Refused);

/** Records a person's review of break-glass access. */
export function reviewBreakGlass(deps: PolicyDeps, review: PersonReviews): Promise<ReviewAnswer> {
  return retryIfPersonChanged(() => reviewOnce(deps, review));
}

async function reviewOnce(deps: PolicyDeps, review: PersonReviews): Promise<ReviewAnswer> {
  const { requestId, verdict, key } = review;
  const by = await deps.people.resolve(review.by);
  const applied = await apply(deps, requestId, ({ request }) =>
    judgeByPolicy(deps, async (policy) => {
      const { facts } = await readToday(deps, policy, request);
      return {
        type: "review",
        by,
        isLockedDown: isLockedDown(facts.lockdowns, by),
        verdict,
        note: storable(review.note),
        reviewers: reviewersOf(policy, request, facts),
        key,
      };
    }),
  );
  if (applied.applied) return { reviewed: true, state: applied.state };
  if (applied.refusal === "repeated") return { reviewed: true, state: applied.state };
  return { reviewed: false, ...(await refuseAttempt(deps, applied, { by, attempted: "review", key })) };
}

/** Who may review it: those whom today's rule of the same name says, else those whom the rule said then, with today's members. */
function reviewersOf(policy: Policy, request: AccessRequest, { memberships }: Facts): readonly string[] {
  const rule = policy.rules.find(({ name }) => name === request.rule);
  const today = rule?.decision === "review" ? rule.breakGlass?.reviewBy : undefined;
  return peopleAmong(policy, memberships, today ?? request.terms.breakGlass?.from ?? []).emails;
}
