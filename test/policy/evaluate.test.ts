import { evaluate } from "../../src/policy/decide/evaluate.ts";
import { isAdmin, isAmong, isAuditor, noMemberships } from "../../src/policy/people.ts";
import { subjectFor } from "../../src/policy/subject.ts";
import { ask, answer, factsOf } from "./asks.ts";
import { changed, policyOf, smallPolicy } from "./policies.ts";

const policy = policyOf(smallPolicy);

describe("the first rule that matches decides", () => {
  test("allow", () => {
    expect(answer(policy)).toEqual({
      verdict: "allow",
      rule: "reading",
      resourceTitle: "orders",
      roleTitle: "read",
      risk: "high",
      channel: "#access",
      maxDurationSeconds: 8 * 3600,
      defaultDurationSeconds: undefined,
      grants: [{ resource: "orders", role: "read", provider: "pg", target: { role: "orders_read" } }],
      extend: undefined,
      revokeOnIdleSeconds: undefined,
      doubts: [],
    });
  });

  test("review, by everybody the step names", () => {
    expect(answer(policy, { role: "write" })).toEqual({
      verdict: "review",
      rule: "writing",
      resourceTitle: "orders",
      roleTitle: "write",
      risk: "high",
      channel: "#access",
      maxDurationSeconds: 4 * 3600,
      defaultDurationSeconds: undefined,
      grants: [{ resource: "orders", role: "write", provider: "pg", target: { role: "orders_write" } }],
      extend: undefined,
      revokeOnIdleSeconds: undefined,
      steps: [
        {
          count: 1,
          from: ["group:leads"],
          approvers: ["bob@example.com", "carol@example.com"],
          notify: ["bob@example.com", "carol@example.com"],
        },
      ],
      timeoutSeconds: 86_400,
      remindEverySeconds: undefined,
      escalate: undefined,
      startWithinSeconds: undefined,
      mayBreakGlass: false,
      doubts: [],
    });
  });

  test("deny, with its words or without", () => {
    const denying = policyOf(changed("decision: allow", "decision: deny\n    message: Ask the data team."));
    expect(answer(denying)).toEqual({
      verdict: "refuse",
      rule: "reading",
      refusals: [
        {
          kind: "denied",
          resource: "orders",
          role: "read",
          rule: "reading",
          message: "Ask the data team.",
        },
      ],
    });
    const silent = answer(changed("decision: allow", "decision: deny"));
    expect(silent).toMatchObject({ refusals: [{ kind: "denied" }] });
    expect(silent).not.toHaveProperty("refusals.0.message", expect.anything());
  });

  test("not a later one", () => {
    const twice = policyOf(changed('["orders:write"]', '["*:*"]'));
    expect(answer(twice)).toMatchObject({ verdict: "allow", rule: "reading" });
    expect(answer(twice, { role: "write" })).toMatchObject({ verdict: "review", rule: "writing" });
  });

  test("and where none does, nothing is granted", () => {
    expect(answer(policy, { email: "bob@example.com" })).toEqual({
      verdict: "refuse",
      refusals: [{ kind: "no_rule", resource: "orders", role: "read", nearMisses: [] }],
    });
  });
});

test.each([
  ['["orders:*"]', "read", "reading"],
  ['["orders:*"]', "write", "reading"],
  ['["*:write"]', "write", "reading"],
  ['["*:*"]', "write", "reading"],
  ['["*:read"]', "write", "writing"],
])("access %s for %s is decided by %s", (access, role, rule) => {
  expect(answer(changed('["orders:read"]', access), { role })).toMatchObject({ rule });
});

test.each([
  ["group:engineers", "ERIN@example.com", true],
  ["group:engineers", "bob@example.com", false],
  ["bob@example.com", " Bob@Example.com ", true],
  ["everyone", "stranger@example.org", true],
  ["everyone", "", false],
  ["everyone", "not an address", false],
  ["dana@example.com", "dan\u00e4@example.com", false],
])("whether %s stands for %j: %p", (principal, email, expected) => {
  const open = policyOf(
    changed(
      'requesters: [group:engineers]\n    access: ["orders:read"]',
      `requesters: [${principal}]\n    access: ["orders:read"]`,
    ),
  );
  expect(isAmong(open, noMemberships, [principal], email)).toBe(expected);
  expect(answer(open, { email }).verdict).toBe(expected ? "allow" : "refuse");
});

test("a look-alike letter is not the letter, though Unicode's lower case says so", () => {
  const kelvin = "\u212Aim@example.com";
  expect(kelvin.toLowerCase()).toBe("kim@example.com");
  const kim = policyOf(changed("admins: [group:security]", "admins: [kim@example.com]"));
  expect(isAdmin(kim, noMemberships, "KIM@example.com")).toBe(true);
  expect(isAdmin(kim, noMemberships, kelvin)).toBe(false);
});

describe("what is not in the policy", () => {
  test("a resource: only what the person may ask for is offered", () => {
    expect(answer(policy, { resource: "order" })).toEqual({
      verdict: "refuse",
      refusals: [{ kind: "unknown_resource", resource: "order", nearest: "orders", allowed: ["orders"] }],
    });
    expect(answer(policy, { resource: "order", email: "bob@example.com" })).toEqual({
      verdict: "refuse",
      refusals: [{ kind: "unknown_resource", resource: "order", allowed: [] }],
    });
  });

  test("a role: only those that the person may ask for are offered", () => {
    const readOnly = policyOf(
      changed(
        "decision: review\n    approvals:\n      - from: [group:leads]\n        count: 1",
        "decision: deny",
      ),
    );
    expect(answer(readOnly, { role: "wrote" })).toEqual({
      verdict: "refuse",
      refusals: [{ kind: "unknown_role", resource: "orders", role: "wrote", allowed: ["read"] }],
    });
    expect(answer(policy, { role: "wrote" })).toMatchObject({
      refusals: [{ kind: "unknown_role", nearest: "write", allowed: ["read", "write"] }],
    });
  });

  test.each(["constructor", "__proto__", "toString", "hasOwnProperty", ""])(
    "%j, which every object has",
    (name) => {
      expect(answer(policy, { resource: name })).toMatchObject({
        refusals: [{ kind: "unknown_resource" }],
      });
      expect(answer(policy, { role: name })).toMatchObject({ refusals: [{ kind: "unknown_role" }] });
      expect(subjectFor(policy, name, "alice@example.com")).toBe("alice");
    },
  );
});

describe("how long", () => {
  test.each([
    ["neither says: 8h", "", "", 8 * 3600],
    ["the rule says less than the role", "max_duration: 4h", "max_duration: 1h", 3600],
    ["the role says less than the rule", "max_duration: 4h", "max_duration: 5h", 4 * 3600],
    ["only the role says, more than the default", "max_duration: 24h", "", 24 * 3600],
    ["only the rule says, more than the default", "", "max_duration: 24h", 24 * 3600],
  ])("%s", (_title, role, rule, maxDurationSeconds) => {
    const limited = policyOf(
      smallPolicy
        .replace(", max_duration: 4h", role && `, ${role}`)
        .replace("decision: review", rule ? `decision: review\n    ${rule}` : "decision: review"),
    );
    const longest = ask({ role: "write", durationSeconds: maxDurationSeconds });
    expect(evaluate(limited, longest, factsOf())).toMatchObject({ verdict: "review", maxDurationSeconds });
    expect(evaluate(limited, { ...longest, durationSeconds: maxDurationSeconds + 1 }, factsOf())).toEqual({
      verdict: "refuse",
      rule: "writing",
      refusals: [
        {
          kind: "duration_too_long",
          resource: "orders",
          role: "write",
          maxSeconds: maxDurationSeconds,
          askedSeconds: maxDurationSeconds + 1,
        },
      ],
    });
  });

  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60])(
    "%d seconds are no duration",
    (durationSeconds) => {
      expect(answer(policy, { durationSeconds })).toEqual({
        verdict: "refuse",
        rule: "reading",
        refusals: [{ kind: "duration_invalid", resource: "orders", role: "read", maxSeconds: 8 * 3600 }],
      });
    },
  );
});

describe("the reason", () => {
  test.each([
    "",
    " \t\n",
    "\u200b\u200d\ufeff",
    "\u3164\u115f",
    "\u2800",
    "\u00ad\u2060",
    "\u202e",
    "\ud800",
    "\u{e0041}",
  ])("%j says nothing", (reason) => {
    expect(answer(policy, { reason })).toEqual({
      verdict: "refuse",
      rule: "reading",
      refusals: [{ kind: "reason_missing" }],
    });
  });

  test.each(["x", " . ", "修", "🔥", "\u200bx", "x".repeat(3000)])("%j will do", (reason) => {
    expect(answer(policy, { reason }).verdict).toBe("allow");
  });

  test("has at most 3000 characters", () => {
    expect(answer(policy, { reason: "x".repeat(3001) })).toMatchObject({
      refusals: [{ kind: "reason_too_long", maxCharacters: 3000, characters: 3001 }],
    });
  });
});

describe("nobody approves their own request", () => {
  const leadsAsk = changed(
    'requesters: [group:engineers]\n    access: ["orders:write"]',
    'requesters: [everyone]\n    access: ["orders:write"]',
  );

  test("whatever the case of their address", () => {
    const asked = answer(leadsAsk, { role: "write", email: "BOB@Example.com" });
    expect(asked).toMatchObject({ verdict: "review", steps: [{ approvers: ["carol@example.com"] }] });
  });

  test("and a step they leave short is refused at once", () => {
    const two = policyOf(leadsAsk.replace("count: 1", "count: 2"));
    expect(answer(two, { role: "write" }).verdict).toBe("review");
    expect(answer(two, { role: "write", email: "bob@example.com" })).toEqual({
      verdict: "refuse",
      rule: "writing",
      refusals: [
        {
          kind: "nobody_can_approve",
          resource: "orders",
          role: "write",
          step: 1,
          count: 2,
          available: 1,
          unreadable: [],
        },
      ],
    });
  });
});

test("one person counts once, however often a step names them", () => {
  const often = policyOf(
    changed("from: [group:leads]", "from: [group:leads, carol@example.com, Bob@example.com, group:security]"),
  );
  expect(answer(often, { role: "write" })).toMatchObject({
    steps: [{ approvers: ["bob@example.com", "carol@example.com", "dana@example.com"] }],
  });
});

test("admins and auditors are who the settings say", () => {
  expect(isAdmin(policy, noMemberships, "Dana@example.com")).toBe(true);
  expect(isAdmin(policy, noMemberships, "alice@example.com")).toBe(false);
  expect(isAuditor(policy, noMemberships, "dana@example.com")).toBe(false);
  expect(isAuditor(policyOf(changed("admins:", "auditors:")), noMemberships, "dana@example.com")).toBe(true);
});

test("a provider knows a person by the policy's mapping, else by what stands before the @", () => {
  expect(subjectFor(policy, "pg", "ALICE@example.com")).toBe("alice_engineer");
  expect(subjectFor(policy, "other", "alice@example.com")).toBe("alice");
  expect(subjectFor(policy, "pg", "Bob.B@example.com")).toBe("bob.b");
  for (const email of ["", "@example.com", "bob", "bob@", "a b@example.com"])
    expect(subjectFor(policy, "pg", email)).toBeUndefined();
});
