import type { ConditionFacts } from "../../src/policy/conditions/facts.ts";
import {
  compileCondition,
  type Condition,
  type ConditionResult,
} from "../../src/policy/conditions/condition.ts";

/** A Wednesday in summer: 13:00 in London, where conditions of tests are asked. */
export const facts: ConditionFacts = {
  request: {
    resource: "orders",
    role: "write",
    durationSeconds: 7200,
    reason: "Fixing the invoices",
    ticket: "INC-42",
    source: "slack",
  },
  requester: { email: "alice@example.com", groups: ["engineers", "on-call"], onCall: true },
  resource: { name: "orders", risk: "high" },
  now: new Date("2026-07-01T12:00:00.750Z"),
  timezone: "Europe/London",
  history: {
    grants: [
      { resource: "orders", role: "read", rule: "reading", startedAt: new Date("2026-07-01T11:00:00Z") },
      {
        resource: "users",
        role: "write",
        rule: "writing",
        startedAt: new Date("2026-06-30T08:00:00Z"),
        endedAt: new Date("2026-06-30T10:00:00Z"),
      },
    ],
    denials: [{ resource: "orders", role: "write", at: new Date("2026-06-28T12:00:00Z") }],
  },
};

/** A condition that must be valid. */
export function conditionOf(text: string): Condition {
  const compiled = compileCondition(text);
  if (!compiled.ok) throw new Error(`${text}: ${compiled.message} (at ${compiled.offset})`);
  return compiled.condition;
}

/** What a valid condition gives. */
export function resultOf(text: string, changes: Partial<ConditionFacts> = {}): ConditionResult {
  return conditionOf(text).evaluate({ ...facts, ...changes });
}
