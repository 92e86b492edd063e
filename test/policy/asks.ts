import type { Ask, Facts } from "../../src/policy/decide/ask.ts";
import { evaluate, type Evaluation } from "../../src/policy/decide/evaluate.ts";
import { noHistory, type History } from "../../src/policy/decide/history.ts";
import type { Membership } from "../../src/policy/membership.ts";
import type { Policy } from "../../src/policy/policy.ts";
import { policyOf } from "./policies.ts";

/** When tests ask: a Tuesday, 03:00 in UTC and in London. */
export const now = new Date("2026-03-03T03:00:00Z");

type Change = Partial<Ask> & { readonly email?: string };

/** Alice asks for reading, for an hour; tests change one thing in it. */
export function ask({ email = "alice@example.com", ...change }: Change = {}): Ask {
  return {
    requester: { email },
    resource: "orders",
    role: "read",
    durationSeconds: 3600,
    reason: "INC-42",
    source: "slack",
    now,
    ...change,
  };
}

/** What is known of groups kept elsewhere: who is in them, or the words for why nobody knows. */
export function factsOf(
  groups: Readonly<Record<string, readonly string[] | string>> = {},
  history: Partial<History> = {},
): Facts {
  const membership = (known: readonly string[] | string): Membership =>
    typeof known === "string" ? { isKnown: false, why: known } : { isKnown: true, members: new Set(known) };
  return {
    memberships: new Map(Object.entries(groups).map(([name, known]) => [name, membership(known)])),
    history: { ...noHistory, ...history },
  };
}

/** What a policy, or the text of one, says to an ask. */
export function answer(policy: Policy | string, change: Change = {}, facts: Facts = factsOf()): Evaluation {
  return evaluate(typeof policy === "string" ? policyOf(policy) : policy, ask(change), facts);
}

/** The kinds of the refusals, in order; none when it is no refusal. */
export function refusalsOf(evaluation: Evaluation): readonly string[] {
  return evaluation.verdict === "refuse" ? evaluation.refusals.map(({ kind }) => kind) : [];
}
