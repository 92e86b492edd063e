import * as fc from "fast-check";
import { stringify } from "yaml";
import type { Ask, Facts } from "../../src/policy/decide/ask.ts";
import type { Membership } from "../../src/policy/membership.ts";

// Policies over the whole language, and what may be asked of them.

export const people = ["ann", "ben", "cat", "dov", "eve"].map((name) => `${name}@example.com`);
const roles = ["read", "write", "both"];
const resources = ["orders", "users"];

/** Groups that stand elsewhere. */
export const kept = ["slack", "pager", "genie"];
const groups = ["red", "blue", "void", ...kept];

/** Conditions that are decided by any part of what is asked, and some that fail for some of it. */
const conditions = [
  `request.ticket != ""`,
  `request.reason.matches("[a-z]")`,
  `request.role == "read" || resource.name == "users"`,
  `int(request.ticket) > 4`,
  `"red" in requester.groups`,
  `!("slack" in requester.groups)`,
  `requester.on_call`,
  `history.grants.exists(g, g.active)`,
  `history.denials.size() == 0`,
  `now.getHours(timezone) < 12`,
  `request.source == "api"`,
];

const person = fc.constantFrom(...people);
const group = fc.constantFrom(...groups).map((name) => `group:${name}`);
const principals = fc.array(fc.oneof(person, group, fc.constant("everyone")), { minLength: 1, maxLength: 3 });
const access = fc.array(
  fc
    .tuple(fc.constantFrom("*", "*", ...resources), fc.constantFrom("*", "*", ...roles))
    .map(([resource, role]) => `${resource}:${role}`),
  { minLength: 1, maxLength: 3 },
);
const sometimes = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined, freq: 4 });
const rarely = <Value>(value: fc.Arbitrary<Value>) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });

const duration = fc.constantFrom("15m", "1h", "4h", "2d");
const limits = {
  max_duration: sometimes(duration),
  max_active: rarely(fc.integer({ min: 1, max: 3 })),
  cooldown: rarely(duration),
};

const narrowing = {
  requesters: principals,
  access,
  when: rarely(fc.constantFrom(...conditions)),
  hours: rarely(
    fc.record({
      days: fc.constantFrom("mon-fri", "sat,sun", "fri-mon", "wed"),
      from: fc.constantFrom("09:00", "22:00"),
      to: fc.constantFrom("18:00", "06:00", "24:00"),
    }),
  ),
  from_ip: fc.oneof(
    { weight: 9, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constant(["10.0.0.0/8"]) },
  ),
};

const giving = {
  ...narrowing,
  ...limits,
  requires: rarely(
    fc.record(
      {
        reason: fc.record({ min_length: fc.integer({ min: 1, max: 5 }) }),
        ticket: fc.record({ matches: fc.constant("^[0-9]+$") }),
      },
      { requiredKeys: [] },
    ),
  ),
  extend: rarely(fc.constant({ times: 1, by: "1h" })),
  revoke_on_idle: rarely(fc.constant("15m")),
};

// Five people always are enough for three steps of one, so that a policy is valid; groups take them away or add more.
const approvers = (one: fc.Arbitrary<string>) =>
  fc.tuple(one, fc.array(fc.oneof(person, group), { maxLength: 3 })).map(([first, more]) => [first, ...more]);
const notify = sometimes(fc.oneof(fc.constantFrom("none", "on-call"), group));
const step = (index: number) => fc.record({ from: approvers(fc.constant(people[index] ?? "")), notify });
const bigStep = fc.record({ from: fc.constant(["group:slack", "group:red"]), count: fc.constant(2), notify });
const steps = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(step(0)) },
  { weight: 3, arbitrary: fc.tuple(step(0), step(1)) },
  { weight: 1, arbitrary: fc.tuple(step(0), step(1), step(2)) },
  { weight: 1, arbitrary: fc.tuple(bigStep) },
  { weight: 1, arbitrary: fc.tuple(bigStep, step(3)) },
);

export const denyRule = fc.record({ ...narrowing, decision: fc.constant("deny") });
const rule = fc.oneof(
  fc.record({ ...giving, decision: fc.constant("allow") }),
  denyRule,
  fc.record({
    ...giving,
    decision: fc.constant("review"),
    approvals: steps,
    escalate: rarely(fc.record({ after: fc.constant("15m"), to: approvers(person) })),
    remind_every: rarely(fc.constant("15m")),
    start_within: rarely(duration),
    break_glass: rarely(fc.record({ by: principals, review_by: approvers(person), within: duration })),
  }),
);

export const anyPolicy = fc.record({
  groups: fc.tuple(fc.subarray(people), fc.subarray(people)),
  rules: fc.array(rule, { minLength: 1, maxLength: 6 }),
  roleLimits: fc.tuple(fc.record(limits), fc.record(limits)),
  conflicts: rarely(fc.constantFrom(["orders:read", "users:write"], ["orders:*", "users:*"])),
  timezone: fc.constantFrom("UTC", "Europe/London", "America/New_York"),
});
export type AnyPolicy = typeof anyPolicy extends fc.Arbitrary<infer Value> ? Value : never;

export function textOf({ groups: [red, blue], rules, roleLimits, conflicts, timezone }: AnyPolicy): string {
  const rolesOf = {
    read: { grant: { role: "read" }, ...roleLimits[0] },
    write: { grant: { role: "write" }, ...roleLimits[1] },
    both: { bundle: ["orders:read", "users:write"] },
  };
  return stringify(
    {
      version: 1,
      settings: { channel: "#access", timezone },
      groups: {
        // `group:red` has two people at least, or a step of it could never be filled.
        red: { members: [...new Set([...people.slice(2, 4), ...red])] },
        blue: { members: blue },
        void: { members: [] },
        slack: { slack: "@staff" },
        pager: { pagerduty: "P1" },
        genie: { opsgenie: "G1" },
      },
      providers: { pg: { type: "postgres", url: "${URL}" } },
      resources: Object.fromEntries(resources.map((name) => [name, { provider: "pg", roles: rolesOf }])),
      conflicts: conflicts && [{ name: "apart", between: conflicts }],
      rules: rules.map((one, index) => ({ name: `rule ${index}`, ...one })),
    },
    { aliasDuplicateObjects: false, keepUndefined: false },
  );
}

const from = Date.UTC(2026, 0, 1);
const moment = fc.integer({ min: 0, max: 365 * 24 * 60 }).map((minutes) => new Date(from + minutes * 60_000));

const likely = <Value>(arbitrary: fc.Arbitrary<Value>) => ({ weight: 8, arbitrary });

export const anyAsk: fc.Arbitrary<Ask> = fc.record({
  requester: fc.record({
    email: fc.oneof(
      likely(person),
      person.map((email) => ` ${email.toUpperCase()}`),
      fc.string(),
    ),
  }),
  resource: fc.oneof(likely(fc.constantFrom(...resources)), fc.string()),
  role: fc.oneof(likely(fc.constantFrom(...roles)), fc.string()),
  durationSeconds: fc.oneof(likely(fc.integer({ min: 1, max: 20_000 })), fc.double()),
  reason: fc.oneof(
    likely(fc.constantFrom("INC-42", "Fixing it", "x")),
    fc.string({ unit: "binary" }),
    fc.constant("x".repeat(4000)),
  ),
  ticket: fc.option(fc.oneof(likely(fc.constantFrom("7", "3")), fc.string({ unit: "binary" })), {
    nil: undefined,
  }),
  source: fc.constantFrom("slack", "api", "cli"),
  ip: fc.option(fc.constantFrom("10.1.2.3", "192.0.2.1", "::ffff:10.0.0.1", "no address"), {
    nil: undefined,
  }),
  isBreakGlass: fc.option(fc.boolean(), { nil: undefined }),
  now: moment,
});

const known: fc.Arbitrary<Membership> = fc
  .subarray(people)
  .map((members) => ({ isKnown: true, members: new Set(members) }));
const unreadable: fc.Arbitrary<Membership> = fc.constant({ isKnown: false, why: "no answer" });
const membership = fc.oneof({ weight: 3, arbitrary: known }, { weight: 1, arbitrary: unreadable });

const anyAccess = { resource: fc.constantFrom(...resources), role: fc.constantFrom(...roles) };

export const anyFacts: fc.Arbitrary<Facts> = fc.record({
  memberships: fc
    .tuple(membership, membership, membership)
    .map((all) => new Map(kept.map((name, index) => [name, all[index]!]))),
  history: fc.record({
    grants: fc.array(
      fc.record(
        {
          ...anyAccess,
          rule: fc.constantFrom("rule 0", "rule 1"),
          startedAt: moment,
          endedAt: moment,
        },
        { requiredKeys: ["resource", "role", "rule", "startedAt"] },
      ),
      { maxLength: 3 },
    ),
    denials: fc.array(fc.record({ ...anyAccess, at: moment }), { maxLength: 2 }),
  }),
});
