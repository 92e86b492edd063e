import { ruleKeys } from "../../src/policy/language/rule-keys.ts";
import { changed, faultsOf, smallPolicy } from "./policies.ts";

const allowedInRules = Object.keys(ruleKeys).join(", ");
const duration = "expected a duration such as 30m, 2h or 1h30m";
const channel =
  'expected a channel: "#name" in quotes (YAML takes a bare # for a comment) or a channel id such as C024BE91L';

test("a right policy has no faults", () => {
  expect(faultsOf(smallPolicy)).toEqual([]);
});

describe("a wrong shape is said at the line and column of what is wrong", () => {
  const cases: readonly [title: string, from: string, to: string, faults: readonly string[]][] = [
    [
      "unknown key, near a right one: at the key",
      "    approvals:",
      "    approver:",
      [
        '28:15: expected "approvals" with decision review, got none',
        `29:5: unknown key "approver", did you mean "approvals"? Allowed here: ${allowedInRules}`,
      ],
    ],
    [
      "unknown key, near nothing",
      "    risk: high",
      "    xyzzy: high",
      ['16:5: unknown key "xyzzy". Allowed here: title, provider, risk, drift, roles'],
    ],
    [
      "a key of no version",
      "    decision: allow",
      "    decision: allow\n    quorum: {}",
      [`25:5: unknown key "quorum". Allowed here: ${allowedInRules}`],
    ],
    [
      "unknown section",
      "rules:",
      "rulez:",
      [
        '20:1: unknown key "rulez", did you mean "rules"? Allowed here: version, settings, people, groups, providers, sinks, resources, conflicts, rules',
      ],
    ],
    [
      "missing version: at the file",
      "version: 1\n",
      "",
      ['1:1: missing key "version": expected 1, the version of this format'],
    ],
    ["another version", "version: 1", "version: 2", ["1:10: expected 1, the version of this format, got 2"]],
    [
      "a version in quotes",
      "version: 1",
      'version: "1"',
      ['1:10: expected 1, the version of this format, got "1"'],
    ],
    [
      "missing settings",
      'settings:\n  channel: "#access"\n  admins: [group:security]\n',
      "",
      ['1:1: missing key "settings": expected a map'],
    ],
    [
      "missing channel: at the parent's key",
      '  channel: "#access"\n',
      "",
      [`2:1: missing key "channel": ${channel}`],
    ],
    [
      "missing key in a rule: at the rule",
      "    decision: allow\n",
      "",
      ['21:5: missing key "decision": expected allow, review or deny'],
    ],
    [
      "missing provider: at each grant's key",
      "    provider: pg\n",
      "",
      [
        '17:15: expected a "provider" on the resource of a grant, got none',
        '18:16: expected a "provider" on the resource of a grant, got none',
      ],
    ],
    [
      "missing grant: at the role",
      "read: { grant: { role: orders_read } }",
      "read: { title: Read }",
      ["18:13: expected either grant or bundle, got a map"],
    ],
    ["channel eaten by a comment", '"#access"', "#access", [`3:12: ${channel}, got nothing`]],
    ["channel without #", '"#access"', "access", [`3:12: ${channel}, got "access"`]],
    [
      "wrong duration: at the value",
      "max_duration: 4h",
      "max_duration: soon",
      [`19:61: ${duration}, got "soon"`],
    ],
    ["duration without a unit", "max_duration: 4h", "max_duration: 30", [`19:61: ${duration}, got 30`]],
    ["duration of nothing", "max_duration: 4h", "max_duration: 0h", [`19:61: ${duration}, got "0h"`]],
    [
      "duration of years",
      "max_duration: 4h",
      "max_duration: 366d",
      [`19:61: ${duration} of at most 365d, got "366d"`],
    ],
    [
      "wrong risk",
      "risk: high",
      "risk: hihg",
      ['16:11: expected low, medium or high, got "hihg", did you mean "high"?'],
    ],
    [
      "wrong decision",
      "decision: allow",
      "decision: alow",
      ['24:15: expected allow, review or deny, got "alow", did you mean "allow"?'],
    ],
    [
      "a text for a list",
      '[group:engineers]\n    access: ["orders:read"]',
      'group:engineers\n    access: ["orders:read"]',
      ['22:17: expected a list, got "group:engineers"'],
    ],
    ["a map for a text", "- name: reading", "- name: { a: 1 }", ["21:11: expected text, got a map"]],
    [
      "an empty list of requesters",
      '[group:engineers]\n    access: ["orders:read"]',
      '[]\n    access: ["orders:read"]',
      ["22:17: expected at least one requester, got an empty list"],
    ],
    [
      "an empty access list",
      '["orders:read"]',
      "[]",
      ["23:13: expected at least one RESOURCE:ROLE, got an empty list"],
    ],
    [
      "wrong principal",
      '[group:engineers]\n    access: ["orders:read"]',
      '[evryone]\n    access: ["orders:read"]',
      ['22:18: expected group:NAME, an e-mail address or everyone, got "evryone"'],
    ],
    [
      "everyone as approver",
      "from: [group:leads]",
      "from: [everyone]",
      [
        '30:16: expected group:NAME or an e-mail address; approvers are people who can be listed, got "everyone"',
      ],
    ],
    [
      "wrong access",
      '["orders:read"]',
      '["orders"]',
      ['23:14: expected RESOURCE:ROLE, either of them may be *, got "orders"'],
    ],
    ["wrong member", "dana@example.com", "dana", ['10:25: expected an e-mail address, got "dana"']],
    [
      "an address with look-alike letters",
      "dana@example.com",
      "\u212Aim@example.com",
      ['10:25: expected an e-mail address, got "\u212Aim@example.com"'],
    ],
    [
      "wrong name: at the key",
      "  leads:",
      "  my leads:",
      [
        '9:3: expected a name of at most 63 letters, digits, _ and -, beginning with a letter or digit, got "my leads"',
        '30:16: unknown group "leads", did you mean "my leads"? Known here: engineers, my leads, security',
      ],
    ],
    ["count of zero", "count: 1", "count: 0", ["31:16: expected a whole number from 1, got 0"]],
    ["count of one and a half", "count: 1", "count: 1.5", ["31:16: expected a whole number from 1, got 1.5"]],
    [
      "no step",
      "approvals:\n      - from: [group:leads]\n        count: 1",
      "approvals: []",
      ["29:16: expected at least one step, got an empty list"],
    ],
    [
      "an unknown time zone",
      '  channel: "#access"',
      '  channel: "#access"\n  timezone: Mars/Olympus',
      ['4:13: expected an IANA time zone such as UTC or Europe/London, got "Mars/Olympus"'],
    ],
    [
      "an offset for a time zone",
      '  channel: "#access"',
      '  channel: "#access"\n  timezone: "+01:00"',
      ['4:13: expected an IANA time zone such as UTC or Europe/London, got "+01:00"'],
    ],
    [
      "a condition with a mistake in it: at the mistake",
      "    decision: allow",
      "    when: request.tikcet != ''\n    decision: allow",
      [
        '24:19: unknown field "tikcet", did you mean "ticket"? Known here: resource, role, duration, reason, ticket, source, ip',
      ],
    ],
    [
      "a condition over several lines: at the mistake",
      "    decision: allow",
      "    when: >\n      requester.on_call &&\n      request.duration > 4\n    decision: allow",
      [
        '26:7: expected values that > takes together, got duration and int; a duration is written duration("4h")',
      ],
    ],
    [
      "a condition that is no text",
      "    decision: allow",
      "    when: true\n    decision: allow",
      ["24:11: expected text, got true"],
    ],
    [
      "a channel of a rule",
      "    decision: allow",
      "    channel: access\n    decision: allow",
      [`24:14: ${channel}, got "access"`],
    ],
    [
      "an empty title",
      "    risk: high",
      '    title: " "',
      ['16:12: expected one line of 1 to 200 characters, got " "'],
    ],
    [
      "a resource without roles",
      "roles:\n      read: { grant: { role: orders_read } }\n      write: { grant: { role: orders_write }, max_duration: 4h }",
      "roles: {}",
      [
        "17:12: expected at least one role, got an empty map",
        '21:14: unknown role "read". There is no role here',
        '25:14: unknown role "write". There is no role here',
      ],
    ],
  ];
  test.each(cases)("%s", (_title, from, to, faults) => {
    expect(faultsOf(changed(from, to))).toEqual(faults.map((fault) => `hallpass.yml:${fault}`));
  });
});

describe("a name that nothing bears is said where it is used, with the nearest that is", () => {
  const groups = "Known here: engineers, leads, security";
  const cases: readonly [title: string, from: string, to: string, fault: string][] = [
    [
      "group of admins",
      "admins: [group:security]",
      "admins: [group:securty]",
      `4:12: unknown group "securty", did you mean "security"? ${groups}`,
    ],
    [
      "group of auditors",
      "admins: [group:security]",
      "auditors: [group:leds]",
      `4:14: unknown group "leds", did you mean "leads"? ${groups}`,
    ],
    [
      "group of requesters",
      '[group:engineers]\n    access: ["orders:read"]',
      '[group:enginers]\n    access: ["orders:read"]',
      `22:18: unknown group "enginers", did you mean "engineers"? ${groups}`,
    ],
    [
      "group of approvers",
      "from: [group:leads]",
      "from: [group:zzzzzzzzz]",
      `30:16: unknown group "zzzzzzzzz". ${groups}`,
    ],
    [
      "a group named like what every object has",
      "from: [group:leads]",
      "from: [group:toString]",
      `30:16: unknown group "toString". ${groups}`,
    ],
    [
      "provider of a person: at the key",
      "{ pg: alice_engineer }",
      "{ pgg: alice_engineer }",
      '6:24: unknown provider "pgg", did you mean "pg"? Known here: pg',
    ],
    [
      "provider of a resource",
      "provider: pg",
      "provider: pq",
      '15:15: unknown provider "pq", did you mean "pg"? Known here: pg',
    ],
    [
      "resource",
      '["orders:read"]',
      '["order:read"]',
      '23:14: unknown resource "order", did you mean "orders"? Known here: orders',
    ],
    [
      "role",
      '["orders:read"]',
      '["orders:reed"]',
      '23:14: unknown role "reed", did you mean "read"? Known here: read, write',
    ],
    [
      "role of any resource",
      '["orders:read"]',
      '["*:admin"]',
      '23:14: unknown role "admin". Known here: read, write',
    ],
    [
      "provider type",
      "type: postgres",
      "type: postgress",
      '12:15: unknown provider type "postgress", did you mean "postgres"? Known types: postgres',
    ],
    [
      "provider type that every object has",
      "type: postgres",
      "type: toString",
      '12:15: unknown provider type "toString". Known types: postgres',
    ],
  ];
  test.each(cases)("%s", (_title, from, to, fault) => {
    expect(faultsOf(changed(from, to))).toEqual([`hallpass.yml:${fault}`]);
  });

  test("a wildcard over no resources", () => {
    const text =
      'version: 1\nsettings: { channel: "#a" }\nrules:\n  - { name: a, requesters: [everyone], access: ["*:*"], decision: deny }\n';
    expect(faultsOf(text)).toEqual(['hallpass.yml:4:49: "*:*" matches nothing: there are no roles here']);
  });
});

describe("what parts say about one another", () => {
  const cases: readonly [title: string, from: string, to: string, fault: string][] = [
    [
      "two rules of one name",
      "name: writing",
      "name: reading",
      '25:11: duplicate rule name "reading", already in hallpass.yml:21:11',
    ],
    [
      "review without approvals",
      "decision: allow",
      "decision: review",
      '24:15: expected "approvals" with decision review, got none',
    ],
    [
      "allow with approvals",
      "decision: review",
      "decision: allow",
      '29:5: "approvals" goes with decision review only, got decision allow',
    ],
    [
      "deny with approvals",
      "decision: review",
      "decision: deny",
      '29:5: "approvals" goes with decision review only, got decision deny',
    ],
    [
      "allow with a timeout",
      "decision: allow",
      "decision: allow\n    timeout: 2h",
      '25:5: "timeout" goes with decision review only, got decision allow',
    ],
    [
      "allow with a message",
      "decision: allow",
      "decision: allow\n    message: No.",
      '25:5: "message" goes with decision deny only, got decision allow',
    ],
    [
      "more approvals than people",
      "count: 1",
      "count: 3",
      "31:16: expected at least 3 people who can approve, got only bob@example.com and carol@example.com",
    ],
    [
      "a person counts once",
      "from: [group:leads]\n        count: 1",
      "from: [dana@example.com, group:security, Dana@Example.com]\n        count: 2",
      "31:16: expected at least 2 people who can approve, got only dana@example.com",
    ],
    [
      "an empty group of approvers",
      "[bob@example.com, carol@example.com]",
      "[]",
      "31:16: expected at least 1 person who can approve, got nobody",
    ],
    [
      "the same person in two cases",
      "{ pg: alice_engineer }",
      "{ pg: alice_engineer }\n  Alice@Example.com: { pg: other }",
      '7:3: "Alice@Example.com" is already written in hallpass.yml:6:3',
    ],
    [
      "unknown provider option",
      "url: ",
      "urll: x, url: ",
      '12:25: unknown key "urll", did you mean "url"? Allowed here: url',
    ],
    [
      "missing provider option: at the provider's key",
      ', url: "${DATABASE_URL}"',
      "",
      '12:3: missing key "url": expected text',
    ],
    [
      "unknown key of a target",
      "{ role: orders_read }",
      "{ role: orders_read, rol: 1 }",
      '18:43: unknown key "rol", did you mean "role"? Allowed here: role',
    ],
    ["wrong target", "{ role: orders_read }", "{ role: [] }", "18:30: expected text, got an empty list"],
    ["missing target", "{ role: orders_read }", "{}", '18:15: missing key "role": expected text'],
  ];
  test.each(cases)("%s", (_title, from, to, fault) => {
    expect(faultsOf(changed(from, to))).toEqual([`hallpass.yml:${fault}`]);
  });

  test("an empty group that nobody approves from is no fault", () => {
    expect(faultsOf(changed("[dana@example.com]", "[]"))).toEqual([]);
  });

  test("a rule that allows longer than its role is no fault", () => {
    expect(faultsOf(changed("decision: review", "decision: review\n    max_duration: 7d"))).toEqual([]);
  });
});

test("all faults come at once, in the order they stand", () => {
  const text = smallPolicy
    .replace("version: 1", "version: 7")
    .replace("dana@example.com", "dana")
    .replace("type: postgres", "type: mysql")
    .replace("risk: high", "risk: huge")
    .replace("max_duration: 4h", "max_duration: long")
    .replace('["orders:read"]', '["oders:read"]')
    .replace("    count: 1", "    cuont: 1");
  const places = faultsOf(text).map((fault) => fault.split(": ")[0]);
  expect(places).toEqual([
    "hallpass.yml:1:10",
    "hallpass.yml:10:25",
    "hallpass.yml:12:15",
    "hallpass.yml:16:11",
    "hallpass.yml:19:61",
    "hallpass.yml:23:14",
    "hallpass.yml:31:9",
  ]);
});
