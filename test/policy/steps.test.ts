import * as fc from "fast-check";
import { firstUnfillable } from "../../src/policy/decide/fill-steps.ts";
import { answer, factsOf, refusalsOf } from "./asks.ts";
import { faultsOf, policyOf, withRule } from "./policies.ts";

const review = (lines: string) => `decision: review\n${lines}`;
const steps = (...written: readonly string[]) =>
  review(["approvals:", ...written.map((step) => `  - ${step}`)].join("\n"));
const lead = "{ from: [group:leads] }";

describe("several steps", () => {
  test("are taken in order, each with its count and its people", () => {
    const policy = withRule(
      steps(
        "{ from: [group:leads, group:security], count: 2 }",
        "{ from: [dana@example.com, erin@example.com] }",
      ),
    );
    expect(answer(policy)).toMatchObject({
      steps: [
        {
          count: 2,
          from: ["group:leads", "group:security"],
          approvers: ["bob@example.com", "carol@example.com", "dana@example.com"],
        },
        {
          count: 1,
          from: ["dana@example.com", "erin@example.com"],
          approvers: ["dana@example.com", "erin@example.com"],
        },
      ],
    });
  });

  test("need different people: who is left out may be what is missing", () => {
    const policy = policyOf(
      withRule(steps("{ from: [group:leads] }", "{ from: [bob@example.com, carol@example.com] }")),
    );
    expect(answer(policy).verdict).toBe("review");
    expect(answer(policy, { email: "bob@example.com" })).toEqual({
      verdict: "refuse",
      rule: "the rule",
      refusals: [
        {
          kind: "nobody_can_approve",
          resource: "orders",
          role: "read",
          step: 2,
          count: 1,
          available: 1,
          unreadable: [],
        },
      ],
    });
  });

  test("are filled by whoever leaves the others to those who can take no other", () => {
    const policy = policyOf(
      withRule(steps("{ from: [group:leads, group:security] }", "{ from: [group:leads], count: 2 }")),
    );
    expect(answer(policy).verdict).toBe("review");
    expect(answer(policy, { email: "dana@example.com" })).toMatchObject({
      refusals: [{ kind: "nobody_can_approve", step: 2, count: 2, available: 2 }],
    });
  });

  test("of which the later is short name that one", () => {
    const policy = policyOf(withRule(steps(lead, "{ from: [group:security, alice@example.com] }")));
    expect(answer(policy, { email: "dana@example.com" }).verdict).toBe("review");
    const alone = policyOf(withRule(steps(lead, "{ from: [dana@example.com] }")));
    expect(answer(alone, { email: "dana@example.com" })).toMatchObject({
      refusals: [{ kind: "nobody_can_approve", step: 2, available: 0 }],
    });
  });
});

describe("finding a place for everybody", () => {
  test("agrees with trying all ways", () => {
    const people = ["a", "b", "c", "d", "e"];
    const step = fc.record({ count: fc.integer({ min: 1, max: 3 }), approvers: fc.subarray(people) });
    const isFillable = (
      [first, ...rest]: readonly { readonly count: number; readonly approvers: readonly string[] }[],
      taken: ReadonlySet<string>,
    ): boolean => {
      if (!first) return true;
      if (first.count === 0) return isFillable(rest, taken);
      return first.approvers.some(
        (person) =>
          !taken.has(person) &&
          isFillable([{ ...first, count: first.count - 1 }, ...rest], new Set([...taken, person])),
      );
    };
    fc.assert(
      fc.property(fc.array(step, { maxLength: 4 }), (written) => {
        const found = firstUnfillable(written);
        expect(found === undefined).toBe(isFillable(written, new Set()));
        if (found === undefined) return;
        expect(isFillable(written.slice(0, found + 1), new Set()) && !written.some(isShort)).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  const isShort = ({ count, approvers }: { readonly count: number; readonly approvers: readonly string[] }) =>
    approvers.length < count;

  test("of thousands of people goes no deeper than there are steps", () => {
    const people = Array.from({ length: 4000 }, (_, index) => `p${index}`);
    const half = people.slice(0, 2000);
    const wide = [
      { count: 1999, approvers: people.slice(0, 3999) },
      { count: 2000, approvers: half },
    ];
    expect(firstUnfillable(wide)).toBeUndefined();
    expect(firstUnfillable([...wide, { count: 1, approvers: people.slice(0, 3999) }])).toBe(2);
  });
});

describe("whom a step pings", () => {
  const pinging = (notify: string) =>
    policyOf(
      withRule(steps(`{ from: [group:leads, group:security], notify: ${notify} }`)).replace(
        "providers:",
        '  oncall: { pagerduty: PABC123 }\n  backup: { opsgenie: backup }\n  readers: { slack: "@readers" }\nproviders:',
      ),
    );
  const notified = (
    notify: string,
    groups: Parameters<typeof factsOf>[0] = {},
    email = "alice@example.com",
  ) => {
    const evaluation = answer(pinging(notify), { email }, factsOf(groups));
    if (evaluation.verdict !== "review") throw new Error(`expected a review, got ${evaluation.verdict}`);
    expect(evaluation.steps[0]?.approvers).toHaveLength(email === "alice@example.com" ? 3 : 2);
    return evaluation.steps[0]?.notify;
  };
  const everybody = ["bob@example.com", "carol@example.com", "dana@example.com"];

  test("unless told, everybody who may decide", () => {
    expect(answer(withRule(steps(lead)))).toMatchObject({
      steps: [{ notify: ["bob@example.com", "carol@example.com"] }],
    });
  });

  test("nobody", () => {
    expect(notified("none")).toEqual([]);
  });

  test("those of them who are on call, by any schedule", () => {
    const groups = { oncall: ["carol@example.com", "zoe@example.com"], backup: ["dana@example.com"] };
    expect(notified("on-call", groups)).toEqual(["carol@example.com", "dana@example.com"]);
  });

  test("everybody where none of them is on call, or nobody knows", () => {
    expect(notified("on-call", { oncall: ["zoe@example.com"], backup: [] })).toEqual(everybody);
    expect(notified("on-call", { oncall: "down", backup: "down" })).toEqual(everybody);
    expect(notified("on-call", { oncall: "down", backup: ["dana@example.com"] })).toEqual([
      "dana@example.com",
    ]);
    expect(notified("on-call", { oncall: ["bob@example.com"], backup: [] }, "bob@example.com")).toEqual([
      "carol@example.com",
      "dana@example.com",
    ]);
  });

  test("a group, whether its people may decide or not, but never who asks", () => {
    expect(notified("group:engineers", {}, "bob@example.com")).toEqual([
      "alice@example.com",
      "erin@example.com",
    ]);
    expect(notified("group:engineers")).toEqual(["erin@example.com"]);
    expect(notified("group:readers", { readers: ["zoe@example.com"] })).toEqual(["zoe@example.com"]);
  });

  test("everybody where the group is empty, or cannot be read", () => {
    expect(notified("group:readers", { readers: [] })).toEqual(everybody);
    expect(notified("group:readers", { readers: "down" })).toEqual(everybody);
    expect(notified("group:readers", { readers: ["bob@example.com"] }, "bob@example.com")).toEqual([
      "carol@example.com",
      "dana@example.com",
    ]);
  });
});

describe("while nobody answers", () => {
  const policy = policyOf(
    withRule(
      `${steps(lead)}\ntimeout: 2h\nremind_every: 15m\nescalate: { after: 30m, to: [group:security, alice@example.com, group:leads] }\nstart_within: 1h`,
    ),
  );

  test("people are reminded, others may decide too, and it expires", () => {
    expect(answer(policy)).toMatchObject({
      timeoutSeconds: 7200,
      remindEverySeconds: 900,
      startWithinSeconds: 3600,
      escalate: {
        afterSeconds: 1800,
        to: ["group:security", "alice@example.com", "group:leads"],
        approvers: ["bob@example.com", "carol@example.com", "dana@example.com"],
      },
    });
  });

  test("it never comes to the person who asks", () => {
    expect(answer(policy, { email: "DANA@example.com" })).toMatchObject({
      escalate: { approvers: ["alice@example.com", "bob@example.com", "carol@example.com"] },
    });
  });
});

describe("steps that nobody could fill are faults", () => {
  test.each([
    [
      "two steps of one person",
      ["{ from: [dana@example.com] }", "{ from: [group:security] }"],
      "27:9: expected other people than the earlier steps need: each person counts in one step only",
    ],
    [
      "three steps of two people",
      [lead, lead, lead],
      "28:9: expected other people than the earlier steps need: each person counts in one step only",
    ],
    [
      "more than there are",
      ["{ from: [group:security] }", "{ from: [group:leads], count: 3 }"],
      "27:39: expected at least 3 people who can approve, got only bob@example.com and carol@example.com",
    ],
  ])("%s", (_title, written, fault) => {
    expect(faultsOf(withRule(steps(...written)))).toEqual([`hallpass.yml:${fault}`]);
  });

  test("but not while some of them stand elsewhere", () => {
    const open = withRule(steps("{ from: [group:security], count: 9 }"));
    expect(faultsOf(open.replace("{ members: [dana@example.com] }", '{ slack: "@security" }'))).toEqual([]);
  });
});

describe("written wrong is a fault", () => {
  const approver = "expected group:NAME or an e-mail address; approvers are people who can be listed";
  test.each([
    [steps("{ from: [] }"), "26:17: expected at least one approver, got an empty list"],
    [steps("{ from: [everyone] }"), `26:18: ${approver}, got "everyone"`],
    [steps("{ from: ['group:'] }"), `26:18: ${approver}, got "group:"`],
    [
      steps("{ from: [group:nobody] }"),
      '26:18: unknown group "nobody". Known here: engineers, leads, security',
    ],
    [steps("{ count: 1 }"), '26:9: missing key "from": expected a list'],
    [steps("{ from: [group:leads], count: 0 }"), "26:39: expected a whole number from 1, got 0"],
    [steps("{ from: [group:leads], count: 1e3 }"), "26:39: expected at least 1000 people who can approve"],
    [steps("{ from: [group:leads], count: 99999999999999999999 }"), "26:39: expected a whole number from 1"],
    [steps("{ from: [group:leads], count: -.inf }"), "26:39: expected a whole number from 1, got -Infinity"],
    [steps("{ from: [group:leads], count: .nan }"), "26:39: expected a whole number from 1, got NaN"],
    [
      steps("{ from: [group:leads], notify: everyone }"),
      '26:40: expected none, on-call or group:NAME, got "everyone"',
    ],
    [
      steps("{ from: [group:leads], notify: bob@example.com }"),
      "26:40: expected none, on-call or group:NAME",
    ],
    [
      steps("{ from: [group:leads], notify: group:ledas }"),
      '26:40: unknown group "ledas", did you mean "leads"?',
    ],
    [
      steps(...Array<string>(11).fill("{ from: [group:leads, group:security] }")),
      "26:7: expected at most 10 steps, got a list of 11",
    ],
    [
      `${steps(lead)}\nescalate: { after: 25h, to: [group:leads] }\ntimeout: 24h`,
      '27:24: expected at most "timeout", 24h, got 25h',
    ],
    [
      `${steps(lead)}\nescalate: { after: 1h, to: [] }`,
      "27:32: expected at least one approver, got an empty list",
    ],
    [`${steps(lead)}\nescalate: { after: 1h, to: [everyone] }`, `27:33: ${approver}`],
    [`${steps(lead)}\nescalate: { after: 1h, to: [group:ledas] }`, '27:33: unknown group "ledas"'],
    [`${steps(lead)}\nescalate: { to: [group:leads] }`, '27:5: missing key "after"'],
    [`${steps(lead)}\nremind_every: 3h\ntimeout: 2h`, '27:19: expected at most "timeout", 2h, got 3h'],
    [`${steps(lead)}\ntimeout: 0m`, "27:14: expected a duration such as 30m, 2h or 1h30m"],
    [`${steps(lead)}\nstart_within: 1y`, "27:19: expected a duration such as 30m, 2h or 1h30m"],
    [`${steps(lead)}\ntimeout: 1e3`, "27:14: expected a duration such as 30m, 2h or 1h30m, got 1000"],
    [
      `${steps(lead)}\ntimeout: 2026-01-01`,
      '27:14: expected a duration such as 30m, 2h or 1h30m, got "2026-01-01"',
    ],
  ])("%j", (lines, fault) => {
    const [found = ""] = faultsOf(withRule(lines));
    expect(found.slice(0, "hallpass.yml:".length + fault.length)).toBe(`hallpass.yml:${fault}`);
  });
});

describe("what goes with another decision is a fault", () => {
  const reviewing = "review";
  const giving = "allow or review";
  test.each([
    ["approvals: [{ from: [group:leads] }]", reviewing],
    ["timeout: 1h", reviewing],
    ["remind_every: 1h", reviewing],
    ["escalate: { after: 1h, to: [group:leads] }", reviewing],
    ["start_within: 1h", reviewing],
    ["break_glass: { by: [everyone], review_by: [group:leads], within: 1h }", reviewing],
    ["requires: {}", giving],
    ["max_duration: 1h", giving],
    ["default_duration: 1h", giving],
    ["max_active: 1", giving],
    ["cooldown: 1h", giving],
    ["extend: { times: 1, by: 1h }", giving],
    ["revoke_on_idle: 1h", giving],
    ["message: No.", "deny"],
  ])("%s", (line, wanted) => {
    const key = line.slice(0, line.indexOf(":"));
    for (const decision of ["allow", "deny", "review"]) {
      const approvals =
        decision === "review" && key !== "approvals" ? "approvals: [{ from: [group:leads] }]\n" : "";
      const expected = wanted.split(" or ").includes(decision)
        ? []
        : [`"${key}" goes with decision ${wanted} only, got decision ${decision}`];
      const faults = faultsOf(withRule(`decision: ${decision}\n${approvals}${line}`));
      expect(faults.map((fault) => fault.replace(/^hallpass\.yml:\d+:5: /, ""))).toEqual(expected);
    }
  });

  test("what narrows when a rule matches goes with every decision", () => {
    for (const decision of ["allow", "deny", steps(lead).slice("decision: ".length)])
      expect(
        faultsOf(
          withRule(
            `decision: ${decision}\nwhen: requester.on_call\nhours: { days: mon }\nfrom_ip: [10.0.0.0/8]`,
          ),
        ),
      ).toEqual([]);
  });
});

test("who asks is nowhere among those who decide, whatever their name is written like", () => {
  const policy = withRule(
    `${steps("{ from: [Alice@example.com, group:engineers] }")}\nescalate: { after: 1h, to: [ALICE@EXAMPLE.COM, group:engineers] }`,
  );
  expect(answer(policy, { email: " aLICE@example.com " })).toMatchObject({
    steps: [{ approvers: ["erin@example.com"], notify: ["erin@example.com"] }],
    escalate: { approvers: ["erin@example.com"] },
  });
  expect(refusalsOf(answer(withRule(steps("{ from: [alice@example.com] }"))))).toEqual([
    "nobody_can_approve",
  ]);
});
