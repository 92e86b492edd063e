import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { emptyFolder, hallpass } from "./run-hallpass.ts";

const example = fileURLToPath(new URL("../../hallpass.example.yml", import.meta.url));
let folder: string;
beforeEach(async () => {
  folder = await emptyFolder();
});
afterEach(() => rm(folder, { recursive: true }));

/** The difference from the example to the example with these replacements. */
async function diff(...replacements: readonly (readonly [from: string, to: string])[]) {
  let text = await readFile(example, "utf8");
  for (const [from, to] of replacements) {
    if (!text.includes(from)) throw new Error(`the example has no ${from}`);
    text = text.replace(from, to);
  }
  const changed = join(folder, "changed.yml");
  await writeFile(changed, text);
  return hallpass(["policy", "diff", example, changed]);
}

test("rules that are written otherwise and say the same are no difference", async () => {
  const { code, stdout } = await diff(
    ["reading orders takes a lead", "a lead for reading"],
    ['access: ["orders-db:write"]', 'access: ["orders-db:write", "orders-db:write"]'],
  );
  expect([code, stdout]).toEqual([0, "Nothing changes for anybody.\n"]);
});

test.each([
  [
    "a new approver",
    ["[bob@example.com, carol@example.com]", "[bob@example.com, carol@example.com, dana@example.com]"],
    "dana@example.com can now approve orders-db:read",
    "dana@example.com can now approve orders-db:write",
  ],
  [
    "somebody who is on call no more, and asks nothing else",
    ["members: [alice@example.com, erin@example.com]", "members: [alice@example.com]"],
    "erin@example.com may no longer ask for orders-db:write (before: 1 of group:orders-leads, at most 4h, expires unanswered after 2h, told in #orders-approvals)",
  ],
  [
    "a shorter limit",
    ["grant: { role: orders_write }, max_duration: 4h", "grant: { role: orders_write }, max_duration: 1h"],
    "alice@example.com and erin@example.com may ask for orders-db:write on other terms: 1 of group:orders-leads, at most 1h (before: 1 of group:orders-leads, at most 4h)",
  ],
  [
    "a rule for everyone",
    ["requesters: [group:on-call]", "requesters: [everyone]"],
    "alice@example.com may ask for orders-db:read on other terms: at once, at most 8h (before: 1 of group:orders-leads, at most 8h)",
    "bob@example.com, carol@example.com, dana@example.com and anybody else may now ask for orders-db:read: at once, at most 8h",
    "bob@example.com and carol@example.com can no longer approve orders-db:read",
  ],
  [
    "another auditor",
    ["auditors: [group:security]", "auditors: [group:security, erin@example.com]"],
    "erin@example.com can now read everybody's requests and the audit",
  ],
  [
    "how many requests may wait",
    ["auditors: [group:security]", "auditors: [group:security]\n  max_pending: 3"],
    "of one person's requests at most 3 may now wait for a decision (before: 20)",
  ],
  [
    "how long effects stay",
    ["auditors: [group:security]", "auditors: [group:security]\n  keep_effects: 7d"],
    "what was carried out now stays among the effects for 7d (before: 30d)",
  ],
  [
    "a condition, and nothing but it",
    ["decision: allow", 'decision: allow\n    when: request.ticket != ""'],
    'erin@example.com may ask for orders-db:read on other terms: when request.ticket != "": at once, at most 8h; else 1 of group:orders-leads, at most 8h (before: at once, at most 8h)',
  ],
  [
    "hours, and nothing but them",
    ["timeout: 2h", "hours: { days: mon-fri }"],
    "alice@example.com and erin@example.com may ask for orders-db:write on other terms: mon-fri: 1 of group:orders-leads, at most 4h (before: 1 of group:orders-leads, at most 4h, expires unanswered after 2h)",
  ],
  [
    "what a request has to say",
    ["timeout: 2h", "timeout: 2h\n    requires: { ticket: { matches: ^INC- } }"],
    "alice@example.com and erin@example.com may ask for orders-db:write on other terms: 1 of group:orders-leads, at most 4h, a ticket like ^INC- (before: 1 of group:orders-leads, at most 4h)",
  ],
  [
    "break-glass",
    [
      "timeout: 2h",
      "timeout: 2h\n    break_glass: { by: [erin@example.com], review_by: [dana@example.com], within: 24h }",
    ],
    "alice@example.com and erin@example.com may ask for orders-db:write on other terms: 1 of group:orders-leads, at most 4h, break-glass by erin@example.com, reviewed within 1d by dana@example.com (before: 1 of group:orders-leads, at most 4h)",
    "erin@example.com can now take orders-db:write at once (break-glass)",
    "dana@example.com can now review break-glass of orders-db:write",
  ],
  [
    "where the members of a group stand",
    ["on-call: { members: [erin@example.com] }", "on-call: { pagerduty: PABC123 }"],
    "erin@example.com may ask for orders-db:read on other terms: in group:on-call: at once, at most 8h; else 1 of group:orders-leads, at most 8h (before: at once, at most 8h)",
    "group:on-call is now whoever is on call by PagerDuty's PABC123 (before: listed in the policy)",
  ],
  [
    "what a role gives",
    ["role: orders_read", "role: orders_all"],
    'orders-db:read now gives {"role":"orders_all"} in orders-postgres (before: {"role":"orders_read"} in orders-postgres)',
  ],
  [
    "whose name is used",
    ["alice_engineer", "alice"],
    "alice@example.com is now known to orders-postgres as alice (before: as alice_engineer)",
  ],
  [
    "roles that nobody may hold together",
    [
      "rules:\n",
      'conflicts:\n  - { name: four eyes, between: ["orders-db:read", "orders-db:write"] }\nrules:\n',
    ],
    'nobody may hold together any more orders-db:read, orders-db:write ("four eyes")',
  ],
  [
    "the clock of all hours",
    ["timezone: Europe/London", "timezone: Asia/Tokyo"],
    "hours are now those of Asia/Tokyo (before: Europe/London)",
  ],
] as const)("%s is said, and nothing else", async (_, replacement, ...lines) => {
  const { code, stdout } = await diff(replacement);
  expect([code, stdout.trimEnd().split("\n")]).toEqual([0, lines]);
});

const elsewhere = `version: 1
settings: { channel: "#a" }
groups:
  engineers: { members: [alice@example.com] }
  on-call: { pagerduty: PABC123 }
  contractors: { members: [alice@example.com] }
providers: { pg: { type: postgres, url: "\${URL}" } }
resources: { db: { provider: pg, roles: { read: { grant: { role: r } } } } }
rules:
  - { name: on call, requesters: [group:on-call], access: ["db:read"], decision: allow }
  - { name: engineers, requesters: [group:engineers], access: ["db:read"], decision: deny }
`;

async function diffTexts(before: string, after: string): Promise<readonly string[]> {
  await writeFile(join(folder, "old.yml"), before);
  await writeFile(join(folder, "new.yml"), after);
  const { stdout } = await hallpass(["policy", "diff", join(folder, "old.yml"), join(folder, "new.yml")]);
  return stdout.trimEnd().split("\n");
}

test("a change for a group that is kept elsewhere is told of the group", async () => {
  expect(
    await diffTexts(elsewhere, elsewhere.replace("decision: allow", "decision: allow, max_duration: 1h")),
  ).toEqual([
    "whoever is in group:on-call may ask for db:read on other terms: at once, at most 1h (before: at once, at most 8h)",
  ]);
});

test("an order that matters only for those who are in both groups is told of them", async () => {
  const [head = "", ...rules] = elsewhere.split(/(?=^ {2}- )/mu);
  expect(await diffTexts(elsewhere, [head, ...rules.toReversed()].join(""))).toEqual([
    "alice@example.com may no longer ask for db:read (before: in group:on-call: at once, at most 8h)",
  ]);
});

test("somebody who leaves a group that a condition reads is told of", async () => {
  const policy = elsewhere.replace(
    "decision: deny",
    `decision: allow, when: '!("contractors" in requester.groups)'`,
  );
  expect(
    await diffTexts(
      policy,
      policy.replace("contractors: { members: [alice@example.com] }", "contractors: { members: [] }"),
    ),
  ).toEqual([
    expect.stringMatching(
      /^alice@example\.com may ask for db:read on other terms: .* \(before: .*being in contractors: at once/,
    ),
  ]);
});

test("a policy that is not fine is not compared", async () => {
  const { code, stdout } = await diff(["version: 1", "version: 3"]);
  expect(code).toBe(1);
  expect(stdout).toMatch(/changed\.yml:\d+:\d+: expected 1/);
});
