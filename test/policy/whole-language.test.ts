import { RuleTerms } from "../../src/domain/request/request.ts";
import { parsePolicy } from "../../src/policy/language/load.ts";
import { providerTypes } from "../../src/providers/registry.ts";

/** A policy that says everything at once. */
const everything = `version: 1
settings:
  timezone: Europe/London
  channel: "#access-requests"
  alerts: "#access-alerts"
  admins: [group:security]
  auditors: [group:security]
  max_pending: 5
  keep_effects: 90d
  drift: { unknown: adopt, every: 1h }
people:
  alice@example.com: { orders-postgres: alice }
groups:
  engineers:    { slack: "@engineers" }
  orders-leads: { members: [bob@example.com, carol@example.com] }
  security:     { members: [dana@example.com] }
  on-call:      { pagerduty: PABC123 }
  network:      { opsgenie: network_schedule }
providers:
  orders-postgres: { type: postgres, url: "\${ORDERS_DATABASE_URL}" }
resources:
  orders-db:
    title: Orders database (production)
    provider: orders-postgres
    risk: high
    drift: { unknown: remove }
    roles:
      read:  { title: Read only,      grant: { role: orders_read } }
      write: { title: Read and write, grant: { role: orders_write }, max_duration: 4h, max_active: 1, cooldown: 5m }
  incident:
    roles:
      respond: { bundle: ["orders-db:read", "orders-db:write"], default_duration: 30m }
conflicts:
  - { name: one at a time, between: ["orders-db:read", "orders-db:write"], message: Give the other back first. }
rules:
  - name: nothing at the weekend
    requesters: [everyone]
    access: ["*:*"]
    hours: { days: sat-sun }
    when: "!requester.on_call"
    decision: deny
    message: Nothing at the weekend.
  - name: on-call reads at once
    requesters: [group:on-call]
    access: ["orders-db:read"]
    decision: allow
    max_duration: 8h
  - name: from the office
    requesters: [alice@example.com]
    access: ["incident:*"]
    from_ip: ["192.0.2.0/24"]
    hours: { days: mon-fri, from: "09:00", to: "18:00" }
    decision: allow
  - name: writing orders takes a lead, then security
    requesters: [group:engineers]
    access: ["orders-db:write"]
    when: request.ticket.matches("^INC-[0-9]+$") && request.duration <= duration("4h")
    decision: review
    requires:
      reason: { min_length: 10, matches: "[a-z]", message: Say what you do. }
      ticket: { matches: "^INC-", message: Name the incident. }
    approvals:
      - { from: [group:orders-leads], notify: on-call }
      - { from: [group:security], count: 1, notify: none }
    channel: "#orders-approvals"
    timeout: 2h
    remind_every: 15m
    escalate: { after: 30m, to: [group:on-call] }
    start_within: 1h
    max_duration: 4h
    default_duration: 1h
    max_active: 2
    cooldown: 10m
    extend: { times: 1, by: 1h }
    revoke_on_idle: 30m
    break_glass: { by: [group:on-call], review_by: [group:security], within: 24h }
`;

test("all of the language loads together", () => {
  const parsed = parsePolicy([{ name: "hallpass.yml", text: everything }], { providerTypes });
  expect(parsed).toMatchObject({ ok: true });
});

test("whatever a request may keep of its rule comes from a key", () => {
  const parsed = parsePolicy([{ name: "hallpass.yml", text: everything }], { providerTypes });
  const kept = parsed.ok
    ? parsed.policy.rules.flatMap((rule) =>
        rule.decision === "review" ? Object.entries({ ...rule.terms, ...rule.reviewTerms }) : [],
      )
    : [];
  const said = kept.flatMap(([name, value]) => (value === undefined ? [] : [name]));
  expect(said.toSorted()).toEqual(Object.keys(RuleTerms.shape).toSorted());
});
