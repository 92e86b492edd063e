import { requestable } from "../../src/policy/decide/requestable.ts";
import { factsOf, now } from "./asks.ts";
import { changed, policyOf, smallPolicy, withRule, withRules } from "./policies.ts";

const alice = "alice@example.com";
const nobody = factsOf().memberships;
const offered = (text: string, email = alice, groups: Parameters<typeof factsOf>[0] = {}, at = now) =>
  requestable(policyOf(text), factsOf(groups).memberships, email, at);

/** Whether reading is offered, and how. */
const reading = (...args: Parameters<typeof offered>) => offered(...args).find(({ role }) => role === "read");

const rules = (...written: readonly string[]) =>
  withRules(
    written.map((rule, index) => `  - { name: rule ${index}, access: ["orders:read"], ${rule} }`).join("\n"),
  ).replace("providers:", "  oncall: { pagerduty: PABC123 }\nproviders:");

const review = "decision: review, approvals: [{ from: [group:leads] }]";

test("the form offers what the first matching rule does not deny", () => {
  expect(offered(smallPolicy, "Alice@example.com")).toEqual([
    {
      resource: "orders",
      resourceTitle: "orders",
      role: "read",
      roleTitle: "read",
      risk: "high",
      maxDurationSeconds: 8 * 3600,
      defaultDurationSeconds: undefined,
      verdict: "allow",
      needsTicket: false,
      mayBreakGlass: false,
      fields: [],
    },
    {
      resource: "orders",
      resourceTitle: "orders",
      role: "write",
      roleTitle: "write",
      risk: "high",
      maxDurationSeconds: 4 * 3600,
      defaultDurationSeconds: undefined,
      verdict: "review",
      needsTicket: false,
      mayBreakGlass: false,
      fields: [],
    },
  ]);
  expect(offered(changed("decision: allow", "decision: deny")).map(({ role }) => role)).toEqual(["write"]);
  expect(offered(smallPolicy, "bob@example.com")).toEqual([]);
  expect(offered(smallPolicy, "")).toEqual([]);
});

test("what comes after the first certain rule is not offered", () => {
  const twice = rules(
    "requesters: [everyone], decision: allow, max_duration: 1h",
    "requesters: [everyone], decision: allow, max_duration: 2h",
  );
  expect(reading(twice)).toMatchObject({ verdict: "allow", maxDurationSeconds: 3600 });
});

test("where it depends on what is asked, the widest is offered", () => {
  const conditional = rules(
    `requesters: [everyone], when: 'request.ticket != ""', decision: allow, max_duration: 4h, default_duration: 3h, requires: { ticket: {} }`,
    `requesters: [everyone], ${review}, max_duration: 1h, requires: { ticket: {} }`,
  );
  expect(reading(conditional)).toMatchObject({
    verdict: "depends",
    maxDurationSeconds: 4 * 3600,
    defaultDurationSeconds: 3 * 3600,
    needsTicket: true,
  });
  const only = rules(`requesters: [everyone], when: 'request.ticket != ""', decision: allow`);
  expect(reading(only)).toMatchObject({ verdict: "depends", needsTicket: false });
});

test("what a condition may deny is offered, what a rule denies for certain is not", () => {
  const may = rules(
    `requesters: [everyone], when: 'request.ticket == ""', decision: deny`,
    "requesters: [everyone], decision: allow",
  );
  expect(reading(may)).toMatchObject({ verdict: "depends" });
  const does = rules("requesters: [everyone], decision: deny", "requesters: [everyone], decision: allow");
  expect(reading(does)).toBeUndefined();
});

test("a ticket is needed where every rule that may decide takes one", () => {
  const some = rules(
    `requesters: [everyone], when: 'request.ticket == ""', decision: allow`,
    `requesters: [everyone], ${review}, requires: { ticket: {} }`,
  );
  expect(reading(some)).toMatchObject({ needsTicket: false });
});

test("at other hours, and by other ways than Slack, rules offer nothing", () => {
  const early = rules(`requesters: [everyone], decision: allow, hours: { from: "02:00", to: "04:00" }`);
  expect(reading(early)).toMatchObject({ verdict: "allow" });
  expect(reading(early, alice, {}, new Date("2026-03-03T04:00:00Z"))).toBeUndefined();
  expect(reading(rules("requesters: [everyone], decision: allow, from_ip: [10.0.0.0/8]"))).toBeUndefined();
});

describe("while nobody knows who is in a group", () => {
  const staff = rules(
    "requesters: [group:oncall], decision: allow, max_duration: 1h",
    `requesters: [everyone], ${review}, max_duration: 2h`,
  );

  test("what follows is offered too: it depends", () => {
    expect(reading(staff, alice, { oncall: [alice] })).toMatchObject({
      verdict: "allow",
      maxDurationSeconds: 3600,
    });
    expect(reading(staff, alice, { oncall: [] })).toMatchObject({
      verdict: "review",
      maxDurationSeconds: 7200,
    });
    expect(reading(staff, alice, { oncall: "down" })).toMatchObject({
      verdict: "depends",
      maxDurationSeconds: 7200,
    });
  });

  test("what only that group may is offered, so that the refusal can say why", () => {
    expect(reading(rules("requesters: [group:oncall], decision: allow"))).toMatchObject({
      verdict: "depends",
    });
  });
});

test("who may take it at once is told", () => {
  const glass = rules(
    `requesters: [everyone], ${review}, break_glass: { by: [group:oncall], review_by: [group:security], within: 1h }`,
  );
  expect(reading(glass, "ALICE@example.com", { oncall: [alice] })).toMatchObject({ mayBreakGlass: true });
  expect(reading(glass, alice, { oncall: [] })).toMatchObject({ mayBreakGlass: false });
  expect(reading(glass, alice, { oncall: "down" })).toMatchObject({ mayBreakGlass: false });
});

test("a bundle is as risky as the riskiest in it, as in the approval message", () => {
  const kit = withRule('access: ["*:*"]\ndecision: allow').replace(
    "rules:\n",
    "  kit:\n    risk: low\n    roles: { all: { bundle: [orders:read] } }\nrules:\n",
  );
  expect(offered(kit).find(({ resource }) => resource === "kit")).toMatchObject({ risk: "high" });
});

test("names of objects' own are names like others", () => {
  const named = smallPolicy
    .replaceAll("engineers", "toString")
    .replaceAll("orders:", "valueOf:")
    .replaceAll("read", "hasOwnProperty")
    .replaceAll("  pg:", "  isPrototypeOf:")
    .replaceAll("{ pg:", "{ isPrototypeOf:")
    .replaceAll("provider: pg", "provider: isPrototypeOf");
  const found = requestable(policyOf(named), nobody, alice, now);
  expect(found.map(({ resource, role }) => `${resource}:${role}`)).toEqual([
    "valueOf:hasOwnProperty",
    "valueOf:write",
  ]);
});
