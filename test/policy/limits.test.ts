import type { PastGrant } from "../../src/policy/decide/history.ts";
import { answer, factsOf, now, refusalsOf } from "./asks.ts";
import { changed, faultsOf, policyOf, smallPolicy, withRule } from "./policies.ts";

const minutesAgo = (minutes: number) => new Date(now.getTime() - minutes * 60_000);

function held(access: string, rule = "the rule", endedMinutesAgo?: number): PastGrant {
  const [resource = "", role = ""] = access.split(":");
  const grant = { resource, role, rule, startedAt: minutesAgo(600) };
  return endedMinutesAgo === undefined ? grant : { ...grant, endedAt: minutesAgo(endedMinutesAgo) };
}

const having = (...grants: readonly PastGrant[]) => factsOf({}, { grants });

/** A policy by which everybody takes everything at once; roles with limits, and bundles. */
function giving({
  read = "",
  write = "",
  rule = "",
  more = "",
  parts = "",
}: Readonly<Record<string, string>>): string {
  return withRule(`access: ["*:*"]\ndecision: allow${rule && `\n${rule}`}`, parts)
    .replace("{ grant: { role: orders_read } }", `{ grant: { role: orders_read }${read && `, ${read}`} }`)
    .replace(", max_duration: 4h }", `${write && `, ${write}`} }${more}`);
}

test("a past is read as far back as the longest cooldown, and all of it for a condition that asks for it", () => {
  expect(policyOf(giving({ rule: "max_active: 2" })).looksBackSeconds).toBe(0);
  expect(policyOf(giving({ rule: "cooldown: 1h", read: "cooldown: 2h" })).looksBackSeconds).toBe(7200);
  const asking = policyOf(giving({ rule: "cooldown: 1h\nwhen: size(history.denials) < 3" }));
  expect(asking.looksBackSeconds).toBeUndefined();
});

describe("how many at a time", () => {
  test("of a rule counts what that rule gave, whatever the role", () => {
    const policy = policyOf(giving({ rule: "max_active: 2" }));
    expect(policy.usesHistory).toBe(true);
    expect(answer(policy, {}, having(held("orders:read"))).verdict).toBe("allow");
    expect(answer(policy, {}, having(held("orders:write"), held("gone:read")))).toEqual({
      verdict: "refuse",
      rule: "the rule",
      refusals: [{ kind: "too_many", resource: "orders", role: "read", max: 2, held: 2 }],
    });
    const others = having(
      held("orders:read", "another"),
      held("orders:read"),
      held("orders:read", "the rule", 1),
    );
    expect(answer(policy, {}, others).verdict).toBe("allow");
  });

  test("of a role counts that role, whatever rule gave it", () => {
    const policy = policyOf(giving({ read: "max_active: 1" }));
    expect(policy.usesHistory).toBe(true);
    expect(answer(policy, {}, having(held("orders:write"))).verdict).toBe("allow");
    expect(refusalsOf(answer(policy, {}, having(held("orders:read", "another"))))).toEqual(["too_many"]);
    expect(answer(policy, { role: "write" }, having(held("orders:read", "another"))).verdict).toBe("allow");
  });

  test("the narrower of both holds", () => {
    const policy = policyOf(giving({ read: "max_active: 3", rule: "max_active: 2" }));
    expect(answer(policy, {}, having(held("orders:read"), held("orders:read")))).toMatchObject({
      refusals: [{ kind: "too_many", max: 2 }],
    });
    const three = having(...["a", "b", "c"].map((rule) => held("orders:read", rule)));
    expect(answer(policy, {}, three)).toMatchObject({ refusals: [{ kind: "too_many", max: 3, held: 3 }] });
  });
});

describe("how long to wait", () => {
  test("counts from the latest end, to the second", () => {
    const policy = policyOf(giving({ rule: "cooldown: 1h" }));
    expect(policy.usesHistory).toBe(true);
    const ended = having(held("orders:read", "the rule", 90), held("orders:write", "the rule", 59));
    expect(answer(policy, {}, ended)).toEqual({
      verdict: "refuse",
      rule: "the rule",
      refusals: [
        { kind: "too_soon", resource: "orders", role: "read", until: new Date(now.getTime() + 60_000) },
      ],
    });
    expect(answer(policy, {}, having(held("orders:read", "the rule", 60))).verdict).toBe("allow");
    expect(answer(policy, {}, having(held("orders:read", "another", 1))).verdict).toBe("allow");
    expect(answer(policy, {}, having(held("orders:read"))).verdict).toBe("allow");
  });

  test("of a role, and the longer of both holds", () => {
    const policy = policyOf(giving({ read: "cooldown: 1h", rule: "cooldown: 2h" }));
    expect(refusalsOf(answer(policy, {}, having(held("orders:read", "another", 59))))).toEqual(["too_soon"]);
    expect(answer(policy, {}, having(held("orders:read", "another", 60))).verdict).toBe("allow");
    expect(refusalsOf(answer(policy, {}, having(held("orders:read", "the rule", 119))))).toEqual([
      "too_soon",
    ]);
  });
});

test("what a person held is not looked at where nothing asks for it", () => {
  const policy = policyOf(giving({}));
  expect(policy.usesHistory).toBe(false);
  expect(answer(policy, {}, having(held("orders:read"), held("orders:read", "the rule", 0))).verdict).toBe(
    "allow",
  );
});

test("limits hold for access that is taken at once as for any other", () => {
  const policy = policyOf(
    withRule(
      "decision: review\napprovals: [{ from: [group:leads] }]\nmax_active: 1\nbreak_glass: { by: [everyone], review_by: [group:security], within: 1h }",
    ),
  );
  expect(answer(policy, { isBreakGlass: true }).verdict).toBe("allow");
  expect(refusalsOf(answer(policy, { isBreakGlass: true }, having(held("orders:read"))))).toEqual([
    "too_many",
  ]);
});

describe("what the form offers", () => {
  test.each([
    ["", "default_duration: 1h", 3600],
    ["default_duration: 2h", "", 7200],
    ["default_duration: 2h", "default_duration: 30m", 1800],
    ["max_duration: 1h", "default_duration: 2h", 3600],
    ["default_duration: 2h", "max_duration: 1h", 3600],
    ["", "default_duration: 9h", 8 * 3600],
    ["", "", undefined],
  ])("role %j, rule %j: %p seconds, never more than may be asked for", (read, rule, seconds) => {
    expect(answer(giving({ read, rule }))).toMatchObject({ defaultDurationSeconds: seconds });
  });
});

describe("roles that nobody may hold together", () => {
  const conflicts = (between: string, more = "") =>
    policyOf(
      giving({
        parts: `conflicts:\n  - { name: four eyes, between: ${between}${more} }\n`,
        more: "\n      admin: { grant: { role: admin } }\n      both: { bundle: [orders:read, orders:write] }\n      doctor: { bundle: [orders:write, orders:admin] }",
      }),
    );

  test("refuse one another while one is held", () => {
    const policy = conflicts("[orders:read, orders:write]");
    expect(policy.usesHistory).toBe(true);
    expect(answer(policy, {}, having(held("orders:write", "another")))).toEqual({
      verdict: "refuse",
      rule: "the rule",
      refusals: [
        {
          kind: "conflict",
          conflict: "four eyes",
          message: undefined,
          holds: "orders:write",
          asks: "orders:read",
        },
      ],
    });
    expect(refusalsOf(answer(policy, { role: "write" }, having(held("orders:read"))))).toEqual(["conflict"]);
    expect(answer(policy, {}, having(held("orders:write", "another", 0))).verdict).toBe("allow");
    expect(answer(policy, {}, having(held("orders:admin"))).verdict).toBe("allow");
    expect(answer(policy, { role: "admin" }, having(held("orders:write"))).verdict).toBe("allow");
  });

  test("let a person ask again for what they hold", () => {
    expect(answer(conflicts("[orders:read, orders:write]"), {}, having(held("orders:read"))).verdict).toBe(
      "allow",
    );
    expect(answer(conflicts("['orders:*', '*:read']"), {}, having(held("orders:read"))).verdict).toBe(
      "allow",
    );
  });

  test("are told in the policy's words", () => {
    const policy = conflicts("[orders:read, orders:write]", ", message: Not both.");
    expect(answer(policy, {}, having(held("orders:write")))).toMatchObject({
      refusals: [{ message: "Not both." }],
    });
  });

  test("may be patterns", () => {
    const policy = conflicts("['*:admin', '*:write']");
    expect(refusalsOf(answer(policy, { role: "admin" }, having(held("orders:write"))))).toEqual(["conflict"]);
    expect(refusalsOf(answer(policy, { role: "write" }, having(held("gone:admin"))))).toEqual(["conflict"]);
    expect(answer(policy, { role: "read" }, having(held("orders:write"))).verdict).toBe("allow");
    const any = conflicts("['orders:admin', 'orders:*']");
    expect(refusalsOf(answer(any, { role: "read" }, having(held("orders:admin"))))).toEqual(["conflict"]);
    expect(refusalsOf(answer(any, { role: "admin" }, having(held("orders:read"))))).toEqual(["conflict"]);
    expect(answer(any, { role: "read" }, having(held("orders:write"))).verdict).toBe("allow");
  });

  test("of three, any two", () => {
    const policy = conflicts("[orders:read, orders:write, orders:admin]");
    for (const [role, other] of [
      ["read", "admin"],
      ["admin", "write"],
      ["write", "read"],
    ] as const)
      expect(refusalsOf(answer(policy, { role }, having(held(`orders:${other}`))))).toEqual(["conflict"]);
  });

  test("are found in bundles, held or asked for", () => {
    const policy = conflicts("[orders:read, orders:admin]");
    expect(answer(policy, {}, having(held("orders:doctor")))).toMatchObject({
      refusals: [{ kind: "conflict", asks: "orders:read", holds: "orders:admin" }],
    });
    expect(answer(policy, { role: "both" }, having(held("orders:admin")))).toMatchObject({
      refusals: [{ kind: "conflict", asks: "orders:read", holds: "orders:admin" }],
    });
    expect(answer(policy, { role: "both" }, having(held("orders:write"))).verdict).toBe("allow");
    expect(refusalsOf(answer(policy, { role: "both" }, having(held("orders:doctor"))))).toEqual(["conflict"]);
  });

  test("are found within the bundle that is asked for", () => {
    const policy = conflicts("[orders:read, orders:write]");
    expect(answer(policy, { role: "both" })).toMatchObject({ refusals: [{ kind: "conflict" }] });
    expect(answer(policy, { role: "doctor" }).verdict).toBe("allow");
  });

  test.each([
    ["[orders:read]", "21:33: expected at least two RESOURCE:ROLE, got a list of 1"],
    [
      "[orders:read, orders:rite]",
      '21:47: unknown role "rite", did you mean "write"? Known here: read, write',
    ],
    [
      "[orders:read, order:read]",
      '21:47: unknown resource "order", did you mean "orders"? Known here: orders',
    ],
    ["[orders:read, orders]", '21:47: expected RESOURCE:ROLE, either of them may be *, got "orders"'],
  ])("between: %s is a fault", (between, fault) => {
    const text = giving({ parts: `conflicts:\n  - { name: four eyes, between: ${between} }\n` });
    expect(faultsOf(text)).toEqual([`hallpass.yml:${fault}`]);
  });

  test("of one name twice are a fault", () => {
    const one = "  - { name: twice, between: [orders:read, orders:write] }\n";
    expect(faultsOf(giving({ parts: `conflicts:\n${one}${one}` }))).toEqual([
      'hallpass.yml:22:13: duplicate conflict name "twice", already in hallpass.yml:21:13',
    ]);
  });
});

describe("a bundle", () => {
  const bundled = (bundle: string, { orders = "", users = "", rule = "" } = {}) =>
    withRule(`access: ["*:*"]\ndecision: allow${rule && `\n${rule}`}`)
      .replace("providers:\n", 'providers:\n  other: { type: postgres, url: "${OTHER_URL}" }\n')
      .replace(", max_duration: 4h }", `${orders && `, ${orders}`} }`)
      .replace(
        "rules:\n",
        `  users:\n    provider: other\n    risk: low\n    roles: { read: { grant: { role: users_read }${users && `, ${users}`} } }\n  incident:\n    title: Incident kit\n    risk: medium\n    roles:\n      kit: { title: All of it, ${bundle} }\nrules:\n`,
      );
  const kit = { resource: "incident", role: "kit" };
  const both = "bundle: [orders:write, users:read]";

  test("is one request for several grants in several providers, as risky as the riskiest", () => {
    expect(answer(bundled(both), kit)).toMatchObject({
      verdict: "allow",
      resourceTitle: "Incident kit",
      roleTitle: "All of it",
      risk: "high",
      maxDurationSeconds: 8 * 3600,
      grants: [
        { resource: "orders", role: "write", provider: "pg", target: { role: "orders_write" } },
        { resource: "users", role: "read", provider: "other", target: { role: "users_read" } },
      ],
    });
    expect(answer(bundled("bundle: [users:read]"), kit)).toMatchObject({ risk: "medium" });
  });

  test("holds each role once", () => {
    expect(answer(bundled("bundle: [users:read, users:read]"), kit)).toMatchObject({
      grants: [{ resource: "users", role: "read" }],
    });
  });

  test.each([
    ["", "max_duration: 1h", "max_duration: 2h", 3600],
    [", max_duration: 30m", "max_duration: 1h", "", 1800],
    [", max_duration: 9h", "", "max_duration: 2h", 7200],
    [", max_duration: 9h", "", "", 9 * 3600],
  ])("%s is given no longer than what is in it: %s, %s", (own, orders, users, seconds) => {
    expect(answer(bundled(both + own, { orders, users }), { ...kit, durationSeconds: 60 })).toMatchObject({
      maxDurationSeconds: seconds,
    });
  });

  test("is given no more often than what is in it, however that was given", () => {
    const policy = policyOf(bundled(both, { users: "max_active: 1" }));
    expect(answer(policy, kit).verdict).toBe("allow");
    expect(answer(policy, kit, having(held("users:read", "another")))).toMatchObject({
      refusals: [{ kind: "too_many", resource: "users", role: "read", max: 1, held: 1 }],
    });
    expect(refusalsOf(answer(policy, kit, having(held("incident:kit"))))).toEqual(["too_many"]);
    expect(refusalsOf(answer(policy, { resource: "users" }, having(held("incident:kit"))))).toEqual([
      "too_many",
    ]);
    expect(answer(policy, { role: "write" }, having(held("incident:kit"))).verdict).toBe("allow");
  });

  test.each([
    ["cooldown: 2h", "cooldown: 1h", 119, "refuse"],
    ["cooldown: 1h", "cooldown: 2h", 119, "refuse"],
    ["cooldown: 1h", "cooldown: 2h", 120, "allow"],
  ])("%s, with %s in it, %d minutes after its end: %s", (own, users, minutes, verdict) => {
    const policy = policyOf(bundled(`${both}, ${own}`, { users }));
    expect(answer(policy, kit, having(held("incident:kit", "another", minutes))).verdict).toBe(verdict);
  });

  test("does not shorten the wait for what is in it", () => {
    const policy = policyOf(bundled(both, { users: "cooldown: 1h" }));
    expect(answer(policy, kit, having(held("users:read", "another", 59)))).toMatchObject({
      refusals: [{ kind: "too_soon", resource: "users", role: "read" }],
    });
    expect(refusalsOf(answer(policy, { resource: "users" }, having(held("incident:kit", "x", 59))))).toEqual([
      "too_soon",
    ]);
    expect(answer(policy, kit, having(held("users:read", "another", 60))).verdict).toBe("allow");
  });

  test.each([
    ["bundle: []", "29:40: expected at least one RESOURCE:ROLE, got an empty list"],
    ["bundle: [orders:write, orders:rite]", '29:55: unknown role "rite", did you mean "write"?'],
    [
      "bundle: [orders:write, nowhere:read]",
      '29:55: unknown resource "nowhere". Known here: orders, users, incident',
    ],
    ["bundle: [incident:kit]", '29:41: expected a role with a grant, got the bundle "incident:kit"'],
    ["bundle: ['orders:*']", '29:41: expected RESOURCE:ROLE, got "orders:*"'],
    ["bundle: [orders]", '29:41: expected RESOURCE:ROLE, got "orders"'],
    ["bundle: [users:read], grant: {}", "29:12: expected either grant or bundle, got a map"],
    ["max_duration: 1h", "29:12: expected either grant or bundle, got a map"],
    ["grant: { role: x }", '29:32: expected a "provider" on the resource of a grant, got none'],
    [
      "bundle: [users:read], max_duration: 1h, default_duration: 2h",
      '29:90: expected at most "max_duration", 1h, got 2h',
    ],
  ])("of %s is a fault", (written, fault) => {
    const faults = faultsOf(bundled(written)).map((each) => each.slice("hallpass.yml:".length));
    expect(faults.map((each) => each.slice(0, fault.length))).toContain(fault);
  });
});

describe("what happens to the grant", () => {
  test("how often it may be extended, and what ends it when it is not used", () => {
    const policy = withRule("decision: allow\nextend: { times: 2, by: 90m }\nrevoke_on_idle: 30m");
    expect(answer(policy)).toMatchObject({
      extend: { times: 2, bySeconds: 5400 },
      revokeOnIdleSeconds: 1800,
    });
    expect(answer(withRule("decision: allow"))).toMatchObject({
      extend: undefined,
      revokeOnIdleSeconds: undefined,
    });
  });

  test.each([
    ["extend: { times: 0, by: 1h }", "25:22: expected a whole number from 1, got 0"],
    ["extend: { times: 1 }", '25:5: missing key "by": expected a duration such as 30m, 2h or 1h30m'],
    ["extend: 1h", '25:13: expected a map, got "1h"'],
    ["revoke_on_idle: 2h\nmax_duration: 1h", '25:21: expected at most "max_duration", 1h, got 2h'],
    ["default_duration: 2h\nmax_duration: 1h", '25:23: expected at most "max_duration", 1h, got 2h'],
    ["max_active: 0", "25:17: expected a whole number from 1, got 0"],
    ["max_active: 1.5", "25:17: expected a whole number from 1, got 1.5"],
    ["cooldown: 1", "25:15: expected a duration such as 30m, 2h or 1h30m, got 1"],
    ["cooldown: -1h", '25:15: expected a duration such as 30m, 2h or 1h30m, got "-1h"'],
    ["cooldown: 366d", '25:15: expected a duration such as 30m, 2h or 1h30m of at most 365d, got "366d"'],
  ])("%j is a fault", (line, fault) => {
    expect(faultsOf(withRule(`decision: allow\n${line}`))).toEqual([`hallpass.yml:${fault}`]);
  });

  test("a role that offers longer than it gives is a fault", () => {
    expect(faultsOf(changed("max_duration: 4h", "max_duration: 4h, default_duration: 5h"))).toEqual([
      'hallpass.yml:19:83: expected at most "max_duration", 4h, got 5h',
    ]);
    expect(
      faultsOf(smallPolicy.replace("max_duration: 4h", "max_duration: 4h, default_duration: 4h")),
    ).toEqual([]);
  });
});
