import { fieldOf, type PolicyRefusal } from "../../src/policy/decide/refusals.ts";
import { wordRefusal, wordRefusals } from "../../src/policy/explain/refusal-words.ts";

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
  [{ kind: "no_rule", ...at, nearMisses: [] }, "No rule lets you ask for orders-db:write."],
  [
    {
      kind: "no_rule",
      ...at,
      nearMisses: [
        { rule: "by day", why: "only mon-fri 09:00 to 18:00 (UTC)" },
        { rule: "from the office", why: "only from 10.0.0.0/8" },
      ],
    },
    'No rule lets you ask for orders-db:write like this: "by day" does, only mon-fri 09:00 to 18:00 (UTC); "from the office" does, only from 10.0.0.0/8.',
  ],
  [
    { kind: "undecided", ...at, rule: "by day", why: "Slack did not answer" },
    'Whether the rule "by day" is about your request could not be found out, so the answer is no: Slack did not answer. Those who keep the policy can mend it.',
  ],
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
    { kind: "reason_unfit", rule: "writing", minLength: 20, matches: "INC-" },
    'The reason is expected to have at least 20 characters and something like INC- (rule "writing").',
  ],
  [{ kind: "reason_unfit", rule: "writing", minLength: 20, message: "Say more." }, "Say more."],
  [{ kind: "ticket_missing", rule: "writing" }, 'The rule "writing" takes a ticket; you gave none.'],
  [
    { kind: "ticket_missing", rule: "writing", matches: "^INC-" },
    'The rule "writing" takes a ticket such as ^INC-; you gave none.',
  ],
  [{ kind: "ticket_missing", rule: "writing", message: "Open a ticket first." }, "Open a ticket first."],
  [
    { kind: "ticket_unfit", rule: "writing", matches: "^INC-" },
    'The ticket is expected to have something like ^INC- (rule "writing").',
  ],
  [
    { kind: "ticket_unfit", rule: "writing", matches: "^INC-", message: "An incident, please." },
    "An incident, please.",
  ],
  [
    { kind: "conflict", conflict: "four eyes", holds: "ledger:book", asks: "ledger:approve" },
    "Nobody may hold ledger:approve and ledger:book together (four eyes).",
  ],
  [{ kind: "conflict", conflict: "four eyes", holds: "a:b", asks: "c:d", message: "Not both." }, "Not both."],
  [
    { kind: "too_many", ...at, max: 1, held: 1 },
    "At most 1 such grant at a time; you hold 1. Give one back, or wait until it ends.",
  ],
  [
    { kind: "too_many", ...at, max: 2, held: 3 },
    "At most 2 such grants at a time; you hold 3. Give one back, or wait until it ends.",
  ],
  [
    { kind: "too_many_pending", max: 20, waiting: 20 },
    "At most 20 of your requests may wait for a decision at a time; 20 do. Cancel one that you do not need any more, or wait until one is decided, then ask again.",
  ],
  [
    { kind: "too_soon", ...at, until: new Date("2026-03-03T04:05:06Z") },
    "You had this access lately and can ask again from 2026-03-03 04:05 UTC on.",
  ],
  [
    { kind: "not_break_glass", ...at, rule: "writing" },
    'The rule "writing" does not let you take orders-db:write at once; ask for it the ordinary way.',
  ],
  [
    { kind: "nobody_can_approve", ...at, step: 1, count: 1, available: 0, unreadable: [] },
    "orders-db:write takes an approval by somebody other than you, but nobody can give it; tell those who write the policy.",
  ],
  [
    {
      kind: "nobody_can_approve",
      ...at,
      step: 1,
      count: 1,
      available: 0,
      unreadable: ["Slack did not answer", "PagerDuty did not answer"],
    },
    "orders-db:write takes an approval by somebody other than you, but nobody can give it (Slack did not answer; PagerDuty did not answer); tell those who write the policy.",
  ],
  [
    { kind: "nobody_can_approve", ...at, step: 2, count: 2, available: 2, unreadable: [] },
    "orders-db:write takes 2 approvals by somebody other than you, but not enough people who have no other step to fill can give it; tell those who write the policy.",
  ],
  [
    { kind: "nobody_can_approve", ...at, step: 1, count: 3, available: 1, unreadable: [] },
    "orders-db:write takes 3 approvals by somebody other than you, but only 1 person can give it; tell those who write the policy.",
  ],
];

test.each(cases)("%j", (refusal, words) => {
  expect(wordRefusal(refusal)).toBe(words);
});

test("several refusals are a sentence each", () => {
  const words = wordRefusals([{ kind: "reason_missing" }, { kind: "ticket_missing", rule: "writing" }]);
  expect(words).toBe(
    'Say in the reason what you need the access for, so that others can judge and look it up later. The rule "writing" takes a ticket; you gave none.',
  );
});

test("each refusal belongs to the field of the form where it can be mended", () => {
  const fields = cases.map(([refusal]) => `${refusal.kind}: ${fieldOf(refusal)}`);
  expect([...new Set(fields)]).toEqual([
    "unknown_resource: resource",
    "unknown_role: role",
    "no_rule: role",
    "undecided: role",
    "denied: role",
    "duration_too_long: duration",
    "duration_invalid: duration",
    "reason_missing: reason",
    "reason_too_long: reason",
    "reason_unfit: reason",
    "ticket_missing: ticket",
    "ticket_unfit: ticket",
    "conflict: role",
    "too_many: role",
    "too_many_pending: role",
    "too_soon: role",
    "not_break_glass: role",
    "nobody_can_approve: role",
  ]);
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
