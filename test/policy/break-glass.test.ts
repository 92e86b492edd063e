import { answer, factsOf, refusalsOf } from "./asks.ts";
import { faultsOf, policyOf, withRule } from "./policies.ts";

const rule = (breakGlass: string, from = "group:leads") =>
  policyOf(
    withRule(`decision: review\napprovals: [{ from: [${from}] }]\nbreak_glass: ${breakGlass}`).replace(
      "providers:",
      "  oncall: { pagerduty: PABC123 }\n  sec: { slack: '@sec' }\nproviders:",
    ),
  );
const atOnce = { isBreakGlass: true };
const policy = rule("{ by: [group:oncall], review_by: [group:security, group:engineers], within: 24h }");
const onCall = factsOf({ oncall: ["alice@example.com", "dana@example.com"], sec: [] });

test("whoever may, takes the access at once, and others look at it afterwards", () => {
  expect(answer(policy, atOnce, onCall)).toMatchObject({
    verdict: "allow",
    rule: "the rule",
    breakGlass: {
      from: ["group:security", "group:engineers"],
      reviewers: ["dana@example.com", "erin@example.com"],
      withinSeconds: 86_400,
    },
  });
});

test("what only those keep to who wait for approval is none of its terms", () => {
  const waiting = policyOf(
    withRule(
      "decision: review\napprovals: [{ from: [group:leads] }]\nremind_every: 1h\nstart_within: 2h\nrevoke_on_idle: 30m\n" +
        "break_glass: { by: [alice@example.com], review_by: [group:leads], within: 24h }",
    ),
  );
  const kept = { revokeOnIdleSeconds: 1800 };
  const onlyReviewed = { remindEverySeconds: 3600, startWithinSeconds: 7200 };
  expect(answer(waiting)).toMatchObject({ verdict: "review", ...kept, ...onlyReviewed });
  const taken = answer(waiting, atOnce);
  expect(taken).toMatchObject({ verdict: "allow", ...kept });
  for (const key of Object.keys(onlyReviewed)) expect(taken).not.toHaveProperty(key);
});

test("the same person may ask the ordinary way, and is told that they may", () => {
  expect(answer(policy, {}, onCall)).toMatchObject({ verdict: "review", mayBreakGlass: true });
  expect(answer(policy, { email: "erin@example.com" }, onCall)).toMatchObject({ mayBreakGlass: false });
  expect(answer(policy, {}, factsOf({ oncall: "down" }))).toMatchObject({ mayBreakGlass: false });
});

test("whoever may not is refused, and so is everybody while nobody knows", () => {
  expect(answer(policy, { ...atOnce, email: "erin@example.com" }, onCall)).toEqual({
    verdict: "refuse",
    rule: "the rule",
    refusals: [{ kind: "not_break_glass", resource: "orders", role: "read", rule: "the rule" }],
  });
  expect(answer(policy, atOnce, factsOf({ oncall: "PagerDuty did not answer" }))).toMatchObject({
    refusals: [{ kind: "undecided", rule: "the rule", why: "PagerDuty did not answer" }],
  });
});

test("a rule that says nothing of it lets nobody", () => {
  const ordinary = withRule("decision: review\napprovals: [{ from: [group:leads] }]");
  expect(refusalsOf(answer(ordinary, atOnce))).toEqual(["not_break_glass"]);
});

test("nobody reviews what they took themselves", () => {
  const own = rule("{ by: [group:oncall], review_by: [group:security], within: 24h }");
  expect(answer(own, atOnce, onCall)).toMatchObject({ breakGlass: { reviewers: ["dana@example.com"] } });
  expect(answer(own, { ...atOnce, email: "DANA@example.com" }, onCall)).toEqual({
    verdict: "refuse",
    rule: "the rule",
    refusals: [
      {
        kind: "nobody_can_approve",
        resource: "orders",
        role: "read",
        step: 1,
        count: 1,
        available: 0,
        unreadable: [],
      },
    ],
  });
});

test("reviewers who cannot be found are told", () => {
  const unread = rule("{ by: [alice@example.com], review_by: [group:sec], within: 24h }");
  expect(answer(unread, atOnce, factsOf({ sec: "Slack did not answer" }))).toMatchObject({
    refusals: [{ kind: "nobody_can_approve", unreadable: ["Slack did not answer"] }],
  });
  expect(answer(unread, atOnce, factsOf({ sec: ["zoe@example.com"] }))).toMatchObject({
    breakGlass: { reviewers: ["zoe@example.com"] },
  });
});

test("it does not wait for approvers: there may be none at that hour", () => {
  const nobody = rule(
    "{ by: [alice@example.com], review_by: [group:security], within: 24h }",
    "alice@example.com",
  );
  expect(refusalsOf(answer(nobody))).toEqual(["nobody_can_approve"]);
  expect(answer(nobody, atOnce)).toMatchObject({ verdict: "allow" });
});

test("nothing else is easier for it: denials, conditions, limits and the reason hold", () => {
  const strict = rule(
    "{ by: [everyone], review_by: [group:security], within: 24h }\nmax_duration: 1h\nwhen: requester.email != 'erin@example.com'",
  );
  expect(refusalsOf(answer(strict, { ...atOnce, durationSeconds: 7200, reason: " " }))).toEqual([
    "duration_too_long",
    "reason_missing",
  ]);
  expect(refusalsOf(answer(strict, { ...atOnce, email: "erin@example.com" }))).toEqual(["no_rule"]);
  expect(refusalsOf(answer(withRule("decision: deny"), atOnce))).toEqual(["denied"]);
});

test("what is allowed anyway needs no glass broken", () => {
  expect(answer(withRule("decision: allow"), atOnce)).not.toHaveProperty("breakGlass");
});

test.each([
  [
    "{ by: [], review_by: [group:leads], within: 1h }",
    "26:24: expected at least one person, got an empty list",
  ],
  [
    "{ by: [everyone], review_by: [], within: 1h }",
    "26:47: expected at least one reviewer, got an empty list",
  ],
  [
    "{ by: [everyone], review_by: [everyone], within: 1h }",
    "26:48: expected group:NAME or an e-mail address",
  ],
  ["{ by: [everyone], review_by: [group:leads] }", '26:5: missing key "within"'],
  ["{ by: [group:ledas], review_by: [group:leads], within: 1h }", '26:25: unknown group "ledas"'],
  ["{ by: [everyone], review_by: [group:ledas], within: 1h }", '26:48: unknown group "ledas"'],
])("break_glass: %s is a fault", (written, fault) => {
  const [found = ""] = faultsOf(
    withRule(`decision: review\napprovals: [{ from: [group:leads] }]\nbreak_glass: ${written}`),
  );
  expect(found.slice(0, "hallpass.yml:".length + fault.length)).toBe(`hallpass.yml:${fault}`);
});
