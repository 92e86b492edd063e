import type { PolicyRefusal } from "../../src/policy/evaluate.ts";
import { wordRefusal } from "../../src/policy/explain.ts";

const at = { resource: "orders-db", role: "write" };

const cases: readonly [PolicyRefusal, string][] = [
  [
    {
      kind: "unknown_resource",
      resource: "order-db",
      nearest: "orders-db",
      allowed: ["orders-db", "users-db"],
    },
    'There is no resource "order-db" (did you mean orders-db?); you may ask for orders-db, users-db.',
  ],
  [
    { kind: "unknown_resource", resource: "x", allowed: [] },
    'There is no resource "x"; there is none that you may ask for.',
  ],
  [
    {
      kind: "unknown_role",
      resource: "orders-db",
      role: "wite",
      nearest: "write",
      allowed: ["read", "write"],
    },
    'orders-db has no role "wite" (did you mean write?); you may ask for read, write.',
  ],
  [{ kind: "no_rule", ...at }, "No rule lets you ask for orders-db:write."],
  [{ kind: "denied", ...at, rule: "freeze" }, 'The rule "freeze" denies you orders-db:write.'],
  [
    { kind: "denied", ...at, rule: "freeze", message: "We are frozen until Monday." },
    "We are frozen until Monday.",
  ],
  [
    { kind: "duration_too_long", ...at, maxSeconds: 4 * 3600, askedSeconds: 8 * 3600 },
    "At most 4h is allowed for orders-db:write; you asked for 8h.",
  ],
  [
    { kind: "duration_invalid", ...at, maxSeconds: 4 * 3600 },
    "Say how long you need orders-db:write, such as 30m or 1h30m: at most 4h is allowed.",
  ],
  [
    { kind: "reason_missing" },
    "Say in the reason what you need the access for, so that others can judge and look it up later.",
  ],
  [
    { kind: "reason_too_long", maxCharacters: 3000, characters: 4001 },
    "At most 3000 characters are allowed for the reason; yours has 4001.",
  ],
  [
    { kind: "nobody_can_approve", ...at, step: 1, count: 1, available: 0 },
    "orders-db:write takes an approval by somebody other than you, but nobody can give it; tell those who write the policy.",
  ],
  [
    { kind: "nobody_can_approve", ...at, step: 1, count: 3, available: 1 },
    "orders-db:write takes 3 approvals by somebody other than you, but only 1 person can give it; tell those who write the policy.",
  ],
];

test.each(cases)("%j", (refusal, words) => {
  expect(wordRefusal(refusal)).toBe(words);
});

test("what somebody typed comes back on one line, cut short, without invisible characters", () => {
  const words = wordRefusal({
    kind: "unknown_resource",
    resource: `a\n\u202eb${"c".repeat(5000)}`,
    allowed: [],
  });
  expect(words).toBe(`There is no resource "a b${"c".repeat(76)}…"; there is none that you may ask for.`);
});

test("a long offer is cut short", () => {
  const allowed = Array.from({ length: 25 }, (_, index) => `r${index}`);
  const words = wordRefusal({ kind: "unknown_resource", resource: "x", allowed });
  expect(words).toMatch(/r18, r19 and 5 more\.$/);
});
