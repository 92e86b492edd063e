import type { Membership, Memberships } from "../../src/policy/membership.ts";
import { evaluate } from "../../src/policy/decide/evaluate.ts";
import { traceRules } from "../../src/policy/explain/trace.ts";
import { noHistory } from "../../src/policy/decide/history.ts";
import { policyOf } from "./policies.ts";

const now = new Date("2026-03-03T10:00:00Z");
const base = (rules: string): string => `version: 1
settings: { channel: "#access" }
groups:
  duty: { pagerduty: PABC123 }
  chiefs: { slack: "@chiefs" }
providers:
  pg: { type: postgres, url: "\${DATABASE_URL}" }
resources:
  orders:
    provider: pg
    risk: high
    roles: { read: { grant: { role: r } }, write: { grant: { role: w } } }
  incident:
    risk: low
    roles: { read: { bundle: ["orders:read", "orders:write"] } }
rules:
${rules}`;

const ask = (resource: string, role: string) =>
  ({
    requester: { email: "alice@example.com" },
    resource,
    role,
    durationSeconds: 600,
    reason: "looking",
    source: "slack",
    now,
  }) as const;
const facts = (memberships: Memberships = new Map()) => ({ memberships, history: noHistory });

const denyThenAllow =
  base(`  - { name: nobody writes, requesters: [everyone], access: ["orders:write"], decision: deny }
  - { name: all may read, requesters: [everyone], access: ["*:read"], decision: allow }
`);

test("a bundle does not slip past a rule that denies something in it", () => {
  const policy = policyOf(denyThenAllow);
  const asked = ask("incident", "read");
  expect(evaluate(policy, asked, facts())).toMatchObject({ verdict: "refuse", rule: "nobody writes" });
  expect(traceRules(policy, asked, facts()).find(({ answer }) => answer !== undefined)?.rule).toBe(
    "nobody writes",
  );
  expect(evaluate(policy, ask("orders", "read"), facts())).toMatchObject({ verdict: "allow" });
});

test("nor is it given by a rule about something in it", () => {
  const policy = policyOf(
    base(`  - { name: writing, requesters: [everyone], access: ["orders:*"], decision: allow }\n`),
  );
  expect(evaluate(policy, ask("incident", "read"), facts())).toMatchObject({
    refusals: [{ kind: "no_rule" }],
  });
});

test("conditions see the risk that approvers see: the highest of what a bundle gives", () => {
  const policy = policyOf(
    base(
      `  - { name: low, requesters: [everyone], access: ["*:*"], when: resource.risk == "low", decision: allow }\n`,
    ),
  );
  expect(evaluate(policy, ask("incident", "read"), facts())).toMatchObject({ verdict: "refuse" });
});

describe("a condition about who is on call", () => {
  const policy = policyOf(
    base(
      `  - { name: duty, requesters: [everyone], access: ["*:*"], when: requester.on_call, decision: allow }\n`,
    ),
  );
  const unreadable: Membership = { isKnown: false, why: "down" };
  const known = (...members: string[]): Membership => ({ isKnown: true, members: new Set(members) });

  test("needs the schedules, and no other group", () => {
    const slackDown: Memberships = new Map([
      ["duty", known("alice@example.com")],
      ["chiefs", unreadable],
    ]);
    expect(evaluate(policy, ask("orders", "read"), facts(slackDown))).toMatchObject({ verdict: "allow" });
  });

  test("is in doubt while a schedule cannot be read", () => {
    const pagerDutyDown: Memberships = new Map([
      ["duty", unreadable],
      ["chiefs", known()],
    ]);
    expect(evaluate(policy, ask("orders", "read"), facts(pagerDutyDown))).toMatchObject({
      refusals: [{ kind: "undecided", why: "down" }],
    });
  });
});
