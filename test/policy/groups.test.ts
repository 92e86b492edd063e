import { groupsWith, peopleAmong, peopleOnCall, memberStatus } from "../../src/policy/people.ts";
import { answer, factsOf, refusalsOf } from "./asks.ts";
import { changed, faultsOf, policyOf, withRule, withRules } from "./policies.ts";

const elsewhere = (rules: string) =>
  policyOf(
    withRules(rules).replace(
      "providers:",
      '  oncall: { pagerduty: PABC123 }\n  backup: { opsgenie: backup_schedule }\n  staff: { slack: "@staff" }\nproviders:',
    ),
  );
const rule = (name: string, requesters: string, rest: string) =>
  `  - { name: ${name}, requesters: [${requesters}], access: ["orders:read"], ${rest} }\n`;

const down = "Slack did not answer";
const unread = factsOf({ staff: down });
const inStaff = factsOf({ staff: ["alice@example.com"] });
const notInStaff = factsOf({ staff: ["erin@example.com"] });

describe("a group that is kept elsewhere", () => {
  test.each(["oncall", "backup", "staff"])("%s holds whom it is known to hold", (group) => {
    const policy = elsewhere(rule("open", `group:${group}`, "decision: allow"));
    expect(answer(policy, {}, factsOf({ [group]: ["alice@example.com"] })).verdict).toBe("allow");
    expect(refusalsOf(answer(policy, {}, factsOf({ [group]: ["erin@example.com"] })))).toEqual(["no_rule"]);
    expect(refusalsOf(answer(policy, {}, factsOf({ [group]: [] })))).toEqual(["no_rule"]);
  });

  test("refuses visibly while it cannot be read, or was not read at all", () => {
    const policy = elsewhere(rule("open", "group:staff", "decision: allow"));
    expect(answer(policy, {}, unread)).toEqual({
      verdict: "refuse",
      refusals: [{ kind: "undecided", resource: "orders", role: "read", rule: "open", why: down }],
    });
    expect(answer(policy)).toMatchObject({
      refusals: [{ kind: "undecided", why: "the group staff was not read" }],
    });
  });

  test("does not matter to whoever is among the requesters without it", () => {
    const policy = elsewhere(rule("open", "group:staff, alice@example.com", "decision: allow"));
    expect(answer(policy, {}, unread)).toMatchObject({ verdict: "allow", doubts: [] });
    expect(refusalsOf(answer(policy, { email: "bob@example.com" }, unread))).toEqual(["undecided"]);
  });

  test("cannot be overruled: what the policy lists, no other source adds to", () => {
    const policy = policyOf(changed("decision: allow", "decision: allow"));
    const facts = factsOf({ engineers: ["bob@example.com"], leads: "unreadable" });
    expect(refusalsOf(answer(policy, { email: "bob@example.com" }, facts))).toEqual(["no_rule"]);
    expect(answer(policy, { role: "write" }, facts)).toMatchObject({ verdict: "review", doubts: [] });
  });
});

describe("a rule of which nobody knows whether it is about a request", () => {
  const later = (decision: string) => rule("later", "everyone", decision);
  const allow = rule("staff", "group:staff", "decision: allow");
  const review = "decision: review, approvals: [{ from: [group:leads] }]";

  test("if it would allow, leaves it to people, and says so", () => {
    const policy = elsewhere(allow + later(review));
    expect(answer(policy, {}, inStaff)).toMatchObject({ verdict: "allow", rule: "staff" });
    expect(answer(policy, {}, notInStaff)).toMatchObject({ verdict: "review", rule: "later", doubts: [] });
    expect(answer(policy, {}, unread)).toMatchObject({
      verdict: "review",
      rule: "later",
      doubts: [`"staff" was passed over: ${down}`],
    });
  });

  test("if it would allow, lets no later rule allow", () => {
    const policy = elsewhere(allow + later("decision: allow"));
    expect(answer(policy, {}, notInStaff)).toMatchObject({ verdict: "allow", rule: "later" });
    expect(answer(policy, {}, unread)).toMatchObject({
      verdict: "refuse",
      rule: "later",
      refusals: [{ kind: "undecided", rule: "staff", why: down }],
    });
  });

  test("if it would allow, lets a later rule deny", () => {
    const denying = elsewhere(allow + later("decision: deny, message: No."));
    expect(answer(denying, {}, unread)).toMatchObject({ refusals: [{ kind: "denied", rule: "later" }] });
  });

  test.each(["decision: deny", review])("if it would %s, refuses", (decision) => {
    const policy = elsewhere(rule("staff", "group:staff", decision) + later(review));
    expect(answer(policy, {}, notInStaff)).toMatchObject({ verdict: "review", rule: "later" });
    expect(answer(policy, {}, unread)).toMatchObject({
      verdict: "refuse",
      rule: "staff",
      refusals: [{ kind: "undecided", rule: "staff", why: down }],
    });
  });

  test("does not count where something else speaks against it for certain", () => {
    const closed = 'decision: deny, hours: { from: "09:00", to: "10:00" }';
    const policy = elsewhere(rule("staff", "group:staff", closed) + later("decision: allow"));
    expect(answer(policy, {}, unread)).toMatchObject({ verdict: "allow", rule: "later", doubts: [] });
    const unmet = elsewhere(
      rule("staff", "group:staff", "decision: deny, when: 'request.ticket != \"\"'") +
        later("decision: allow"),
    );
    expect(answer(unmet, {}, unread)).toMatchObject({ verdict: "allow", rule: "later" });
    expect(refusalsOf(answer(unmet, { ticket: "INC-1" }, unread))).toEqual(["undecided"]);
  });

  test("does not count where it is about another role", () => {
    const other = `  - { name: other, requesters: [group:staff], access: ["orders:write"], decision: deny }\n`;
    expect(answer(elsewhere(other + later("decision: allow")), {}, unread)).toMatchObject({ rule: "later" });
  });
});

describe("a condition", () => {
  const conditional = (when: string, decision = "decision: allow") =>
    elsewhere(
      rule("first", "everyone", `when: ${JSON.stringify(when)}, ${decision}`) +
        rule("later", "everyone", "decision: review, approvals: [{ from: [group:leads] }]"),
    );

  test("that does not hold lets the next rule decide", () => {
    const policy = conditional(`request.ticket != ""`);
    expect(answer(policy, { ticket: "INC-1" })).toMatchObject({ verdict: "allow" });
    expect(answer(policy)).toMatchObject({ verdict: "review", doubts: [] });
  });

  test("that fails is told apart from one that does not hold", () => {
    const policy = conditional("int(request.ticket) > 4");
    expect(answer(policy, { ticket: "5" })).toMatchObject({ verdict: "allow" });
    expect(answer(policy, { ticket: "3" })).toMatchObject({ verdict: "review", doubts: [] });
    expect(answer(policy, { ticket: "x" })).toMatchObject({
      verdict: "review",
      doubts: ['"first" was passed over: expected a whole number, got "x"'],
    });
  });

  test("that fails in a rule which denies refuses", () => {
    const policy = conditional("int(request.ticket) > 4", "decision: deny");
    expect(answer(policy, { ticket: "5" })).toMatchObject({ refusals: [{ kind: "denied" }] });
    expect(answer(policy, { ticket: "3" })).toMatchObject({ verdict: "review" });
    expect(answer(policy, { ticket: "x" })).toMatchObject({
      refusals: [{ kind: "undecided", rule: "first", why: 'expected a whole number, got "x"' }],
    });
  });

  test("that does not hold, with no other rule, is said to the person", () => {
    const policy = policyOf(withRule(`decision: allow\nwhen: |\n  request.ticket\n    != ""`));
    expect(answer(policy)).toMatchObject({
      refusals: [
        { kind: "no_rule", nearMisses: [{ rule: "the rule", why: "only with a ticket, and you gave none" }] },
      ],
    });
  });

  test("that reads groups fails while any of them cannot be read, since the person could be in it", () => {
    const known = { oncall: [], backup: [], staff: ["alice@example.com"] };
    const inGroup = conditional(`"staff" in requester.groups`);
    expect(answer(inGroup, {}, factsOf(known))).toMatchObject({ verdict: "allow" });
    expect(answer(inGroup, {}, factsOf({ ...known, staff: [] }))).toMatchObject({
      verdict: "review",
      doubts: [],
    });
    const notIn = conditional(`!("staff" in requester.groups)`);
    for (const policy of [inGroup, notIn])
      expect(answer(policy, {}, factsOf({ ...known, staff: down }))).toMatchObject({
        verdict: "review",
        doubts: [`"first" was passed over: ${down}`],
      });
    expect(answer(conditional(`requester.email != ""`), {}, factsOf({ staff: down }))).toMatchObject({
      verdict: "allow",
    });
  });

  test("knows who is on call: by schedules only", () => {
    const policy = conditional("requester.on_call");
    const nobody = { oncall: [], backup: [], staff: ["alice@example.com"] };
    const alice = ["alice@example.com"];
    expect(answer(policy, {}, factsOf(nobody))).toMatchObject({ verdict: "review", doubts: [] });
    expect(answer(policy, {}, factsOf({ ...nobody, oncall: alice }))).toMatchObject({ verdict: "allow" });
    expect(answer(policy, {}, factsOf({ ...nobody, backup: alice }))).toMatchObject({ verdict: "allow" });
    expect(answer(policy, {}, factsOf({ ...nobody, oncall: down }))).toMatchObject({
      verdict: "review",
      doubts: [`"first" was passed over: ${down}`],
    });
    // The other way round it would have been given to everybody.
    expect(
      answer(conditional("!requester.on_call"), {}, factsOf({ ...nobody, oncall: alice })),
    ).toMatchObject({
      verdict: "review",
    });
  });

  test("sees the request as it was asked", () => {
    const policy = conditional(
      `request.source == "api" && request.ip == "10.0.0.1" && request.duration == duration("1h") && request.role == "read" && resource.risk == "high" && requester.email == "alice@example.com" && now.getHours(timezone) == 3`,
    );
    const exactly = { email: "Alice@example.com", source: "api" as const, ip: "10.0.0.1" };
    expect(answer(policy, exactly)).toMatchObject({ verdict: "allow" });
    expect(answer(policy, { ...exactly, durationSeconds: 3601 })).toMatchObject({ verdict: "review" });
  });

  test("sees what the person held and was denied", () => {
    const policy = conditional(`history.grants.exists(g, g.active) && history.denials.size() == 0`);
    const grants = [{ resource: "orders", role: "read", rule: "x", startedAt: new Date(0) }];
    expect(policy.usesHistory).toBe(true);
    expect(answer(policy, {}, factsOf({}, { grants }))).toMatchObject({ verdict: "allow" });
    expect(answer(policy)).toMatchObject({ verdict: "review" });
  });
});

describe("approvers in a group that cannot be read", () => {
  const reviewed = (from: string, count = 1) =>
    elsewhere(
      rule("review", "everyone", `decision: review, approvals: [{ from: [${from}], count: ${count} }]`),
    );

  test("are missed visibly while there are enough others", () => {
    const policy = reviewed("group:leads, group:staff");
    expect(answer(policy, {}, factsOf({ staff: ["zoe@example.com", "alice@example.com"] }))).toMatchObject({
      steps: [{ approvers: ["bob@example.com", "carol@example.com", "zoe@example.com"] }],
      doubts: [],
    });
    expect(answer(policy, {}, unread)).toMatchObject({
      verdict: "review",
      steps: [{ approvers: ["bob@example.com", "carol@example.com"] }],
      doubts: [down],
    });
  });

  test("are the reason told when there are not", () => {
    expect(answer(reviewed("group:leads, group:staff", 3), {}, unread)).toMatchObject({
      verdict: "refuse",
      rule: "review",
      refusals: [{ kind: "nobody_can_approve", step: 1, count: 3, available: 2, unreadable: [down] }],
    });
    expect(answer(reviewed("group:staff"), {}, factsOf({ staff: [] }))).toMatchObject({
      refusals: [{ kind: "nobody_can_approve", available: 0, unreadable: [] }],
    });
  });

  test("who are the requester, in other letters, do not approve", () => {
    const facts = factsOf({ staff: ["ALICE@Example.com"] });
    expect(refusalsOf(answer(reviewed("group:staff"), {}, facts))).toEqual(["nobody_can_approve"]);
  });
});

describe("people", () => {
  const policy = elsewhere(rule("open", "everyone", "decision: allow"));
  const { memberships } = factsOf({
    oncall: ["zoe@example.com"],
    backup: down,
    staff: ["alice@example.com"],
  });

  test("stand in, out, or nobody knows", () => {
    const standing = (principals: readonly string[]) =>
      memberStatus(policy, memberships, principals, "alice@example.com");
    expect(standing(["group:leads", "group:staff"])).toEqual({ is: "in" });
    expect(standing(["group:leads", "group:oncall"])).toEqual({ is: "out" });
    expect(standing(["group:backup", "group:leads"])).toEqual({ is: "unknown", why: down });
    expect(standing(["group:backup", "group:staff"])).toEqual({ is: "in" });
    expect(standing(["group:nobody-knows"])).toEqual({
      is: "unknown",
      why: "the group nobody-knows was not read",
    });
    expect(memberStatus(policy, memberships, ["group:backup"], "not an address")).toEqual({ is: "out" });
  });

  test("are listed once, sorted, with why some may be missing", () => {
    expect(
      peopleAmong(policy, memberships, ["group:leads", "zoe@example.com", "group:oncall", "group:backup"]),
    ).toEqual({ emails: ["bob@example.com", "carol@example.com", "zoe@example.com"], unreadable: [down] });
    expect(peopleOnCall(policy, memberships)).toEqual({ emails: ["zoe@example.com"], unreadable: [down] });
  });

  test("are in the groups that hold them", () => {
    expect(groupsWith(policy, memberships, "alice@example.com")).toEqual({
      groups: ["engineers", "staff"],
      isOnCall: false,
      unreadable: [down],
      unreadableSchedules: [down],
    });
    expect(groupsWith(policy, memberships, "zoe@example.com")).toMatchObject({
      groups: ["oncall"],
      isOnCall: true,
    });
  });
});

describe("groups: written wrong is a fault", () => {
  const one = "expected one of members, slack, pagerduty and opsgenie";
  const schedule = "expected a schedule's id or name, without spaces";
  test.each([
    ["{}", `10:13: ${one}, got an empty map`],
    ["{ members: [], slack: '@x' }", `10:13: ${one}, got a map`],
    [
      "{ slack: engineers }",
      '10:22: expected a Slack user group such as "@engineers", in quotes, or its id, got "engineers"',
    ],
    [
      "{ slack: '@a b' }",
      '10:22: expected a Slack user group such as "@engineers", in quotes, or its id, got "@a b"',
    ],
    ["{ slack: 4 }", '10:22: expected a Slack user group such as "@engineers", got 4'],
    ["{ pagerduty: P/1 }", `10:26: ${schedule}, got "P/1"`],
    ["{ pagerduty: 'P?x=1' }", `10:26: ${schedule}, got "P?x=1"`],
    ["{ opsgenie: a b }", `10:25: ${schedule}, got "a b"`],
    ["{ opsgenie: '' }", `10:25: ${schedule}, got ""`],
    ["{ opsgenie: }", "10:25: expected a schedule, got nothing"],
    ["{ pager: x }", '10:15: unknown key "pager", did you mean "pagerduty"?'],
  ])("%s", (written, fault) => {
    const faults = faultsOf(changed("{ members: [dana@example.com] }", written));
    expect(
      faults.map((each) => each.slice("hallpass.yml:".length, "hallpass.yml:".length + fault.length)),
    ).toContain(fault);
  });

  test("a Slack user group may be its id", () => {
    const policy = policyOf(changed("{ members: [dana@example.com] }", "{ slack: S0614TZR7 }"));
    expect(policy.groups.get("security")).toEqual({ kind: "slack", handle: "S0614TZR7" });
  });
});
