import { wordFault } from "../../src/policy/language/fault.ts";
import { parsePolicy } from "../../src/policy/language/load.ts";
import { faultsOf, providerTypes, smallPolicy, withRules } from "./policies.ts";

const names = { resource: "orders", role: "read", group: "engineers" };

/** The condition stands in line 26, from column 7. */
function rules(decision: "allow" | "deny", when: string): string {
  return `  - name: first
    requesters: [everyone]
    access: ["*:*"]
    decision: ${decision}
    when: |
      ${when}
  - { name: rest, requesters: [everyone], access: ["*:*"], decision: allow }`;
}

function refusedOf(text: string): readonly string[] {
  return faultsOf(text).map((fault) => fault.replace(/^hallpass\.yml:/u, ""));
}

/** What is warned of, with its place, but for what other tests are about. */
function warningsOf(text: string): readonly string[] {
  const loaded = parsePolicy([{ name: "p.yml", text }], { providerTypes });
  if (!loaded.ok) throw new Error(loaded.faults.map(wordFault).join("\n"));
  return loaded
    .warnings()
    .filter(({ kind }) => kind === "idle-comparison" || kind === "doubtful-zone")
    .map((warning) => wordFault(warning).replace(/^p\.yml:/u, ""));
}

const roles = "Known here: read, write";
const never = "nothing is ever equal to this: ";
const slips: readonly (readonly [when: string, column: number, message: string])[] = [
  ['resource.risk == "critical"', 17, `${never}unknown risk "critical". Known here: low, medium, high`],
  [
    'resource.risk != "High"',
    17,
    `${never}unknown risk "High", did you mean "high"? Known here: low, medium, high`,
  ],
  [
    'resource.risk in ["high", "mediun"]',
    26,
    `${never}unknown risk "mediun", did you mean "medium"? Known here: low, medium, high`,
  ],
  [
    '"hgh" == resource.risk',
    0,
    `${never}unknown risk "hgh", did you mean "high"? Known here: low, medium, high`,
  ],
  ['request.source == "web"', 18, `${never}unknown source "web". Known here: slack, api, cli`],
  [
    'request.resource == "orders-db"',
    20,
    `${never}unknown resource "orders-db", did you mean "orders"? Known here: orders`,
  ],
  [
    'resource.name in ["order"]',
    18,
    `${never}unknown resource "order", did you mean "orders"? Known here: orders`,
  ],
  ['request.role == "admin"', 16, `${never}unknown role "admin". ${roles}`],
  ['request.role == "Write"', 16, `${never}unknown role "Write", did you mean "write"? ${roles}`],
  [
    '"engineer" in requester.groups',
    0,
    `${never}unknown group "engineer", did you mean "engineers"? Known here: engineers, leads, security`,
  ],
  [
    'requester.groups.exists(g, g == "lead")',
    32,
    `${never}unknown group "lead", did you mean "leads"? Known here: engineers, leads, security`,
  ],
  [
    'requester.email == "Dana@example.com"',
    19,
    `${never}addresses are compared in small letters, got "Dana@example.com"`,
  ],
  [
    'requester.email.endsWith("@Example.com")',
    25,
    `${never}addresses are compared in small letters, got "@Example.com"`,
  ],
  ['now.getDayOfWeek("UTC") == 7', 27, "expected 0 (Sunday) to 6 (Saturday) beside getDayOfWeek, got 7"],
  [
    "now.getDayOfWeek(timezone) in [6, 7]",
    34,
    "expected 0 (Sunday) to 6 (Saturday) beside getDayOfWeek, got 7",
  ],
  ["now.getDayOfWeek(timezone) <= 7", 30, "expected 0 (Sunday) to 6 (Saturday) beside getDayOfWeek, got 7"],
  ["6 < now.getDayOfWeek(timezone)", 0, "expected 0 (Sunday) to 6 (Saturday) beside getDayOfWeek, got 6"],
  ["now.getMonth(timezone) == 12", 26, "expected 0 (January) to 11 (December) beside getMonth, got 12"],
  ["now.getMonth(timezone) >= 12", 26, "expected 0 (January) to 11 (December) beside getMonth, got 12"],
  ["now.getHours(timezone) == 24", 26, "expected 0 to 23 beside getHours, got 24"],
  ["now.getHours() > 23", 17, "expected 0 to 23 beside getHours, got 23"],
  ["now.getDate(timezone) < 1", 24, "expected 1 to 31 beside getDate, got 1"],
  [
    "now.getDayOfMonth(timezone) == 31",
    31,
    "expected 0 to 30 (getDate counts from 1) beside getDayOfMonth, got 31",
  ],
  ["now.getMinutes(timezone) == -1", 28, "expected 0 to 59 beside getMinutes, got -1"],
  [
    'request.ticket != "" && !(request.role in ["read"] || resource.risk == "hi")',
    71,
    `${never}unknown risk "hi", did you mean "high"? Known here: low, medium, high`,
  ],
];

describe("a comparison that always comes out the same", () => {
  test.each(slips)("%s is refused in a deny rule, and warned of in others", (when, offset, message) => {
    const said = [`26:${7 + offset}: ${message}`];
    expect(refusedOf(withRules(rules("deny", when)))).toEqual(said);
    expect(warningsOf(withRules(rules("allow", when)))).toEqual(said);
    expect(warningsOf(withRules(rules("allow", `!(${when})`)))).toHaveLength(1);
  });

  test.each([
    `resource.risk in ["low", "medium", "high"] && request.source == "slack"`,
    `request.resource == "${names.resource}" && request.role != "${names.role}"`,
    `"${names.group}" in requester.groups || requester.groups.exists(g, g == "leads")`,
    `requester.email == "dana@example.com" || requester.email.endsWith("@example.com")`,
    `now.getDayOfWeek(timezone) in [0, 6] || now.getMonth(timezone) == 11`,
    `now.getHours(timezone) < 24 && now.getDayOfWeek(timezone) < 7 && now.getMinutes(timezone) >= 0`,
    `request.duration.getHours() == 48 && request.duration.getMinutes() > 600`,
    `now.getMonth(timezone) + 1 == 12`,
    `request.reason == "critical" || request.ticket in ["web", "admin"]`,
    `resource.risk.upperAscii() == "HIGH"`,
    `request.resource.startsWith("prod-")`,
    `history.grants.exists(g, g.resource == "orders" && g.role == "write" && g.rule == "first")`,
    `["critical"].exists(risk, risk == "critical")`,
  ])("is not one of %s", (when) => {
    expect(refusedOf(withRules(rules("deny", when)))).toEqual([]);
    expect(warningsOf(withRules(rules("allow", when)))).toEqual([]);
  });

  test("is only warned of where an earlier policy may have called something so", () => {
    const when = `history.grants.filter(g, g.active).exists(g, g.resource == "order") || history.denials.exists(d, d.role == "rite")`;
    const said = [
      'only history may have this: unknown resource "order", did you mean "orders"? Known here: orders',
      'only history may have this: unknown role "rite", did you mean "write"? Known here: read, write',
    ];
    for (const decision of ["allow", "deny"] as const)
      expect(warningsOf(withRules(rules(decision, when))).map((line) => line.replace(/^\S+ /u, ""))).toEqual(
        said,
      );
  });

  test("is found in a condition of several lines", () => {
    const text = `  - name: late
    requesters: [everyone]
    access: ["*:*"]
    when: |
      request.role == "write" &&
        resource.risk == "severe"
    decision: deny`;
    expect(refusedOf(withRules(text))).toEqual([
      `26:26: ${never}unknown risk "severe". Known here: low, medium, high`,
    ]);
  });
});

describe("a time zone that is hardly meant", () => {
  const inSettings = (zone: string): string =>
    smallPolicy.replace('channel: "#access"', `channel: "#access"\n  timezone: ${zone}`);
  const place = "expected a place such as Europe/London";

  test.each([
    ["EST", "an abbreviation may mean several zones, and this one is taken for UTC-05:00, also in summer"],
    ["BST", "an abbreviation may mean several zones, and this one is taken for UTC+06:00, also in summer"],
    [
      "PST",
      "an abbreviation may mean several zones, and this one is taken for the time of America/Los_Angeles",
    ],
    ["Etc/GMT+2", "its sign is turned round, so it is UTC-02:00, also in summer"],
    ["Etc/GMT-10", "its sign is turned round, so it is UTC+10:00, also in summer"],
  ])("is %s: it is warned of", (zone, why) => {
    const message = `${place}, got "${zone}": ${why}`;
    expect(warningsOf(inSettings(zone))).toEqual([`4:13: ${message}`]);
    const when = `now.getHours("${zone}") > 18`;
    for (const decision of ["allow", "deny"] as const)
      expect(warningsOf(withRules(rules(decision, when)))).toEqual([`26:20: ${message}`]);
  });

  test("is GMT for those who think of London", () => {
    expect(warningsOf(inSettings("GMT"))).toEqual([
      `4:13: ${place}, or UTC, got "GMT": it has no summer time, which clocks in London have`,
    ]);
  });

  test.each([
    "UTC",
    "Etc/UTC",
    "Etc/GMT",
    "Etc/GMT+0",
    "Europe/London",
    "Asia/Tokyo",
    "CET",
    "EST5EDT",
    "Japan",
    "PRC",
  ])("is not %s", (zone) => {
    expect(warningsOf(inSettings(zone))).toEqual([]);
  });
});
