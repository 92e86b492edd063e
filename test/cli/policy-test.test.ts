import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { emptyFolder, hallpass } from "./run-hallpass.ts";

const policy = `version: 1
settings: { timezone: Europe/London, channel: "#access" }
groups:
  engineers: { members: [alice@example.com, erin@example.com] }
  leads: { members: [bob@example.com, carol@example.com] }
  security: { members: [dana@example.com] }
  on-call: { pagerduty: PABC123 }
providers: { pg: { type: postgres, url: "\${URL}" } }
resources:
  db: { provider: pg, roles: { read: { grant: { role: r } }, write: { grant: { role: w }, max_duration: 4h } } }
conflicts:
  - { name: four eyes, between: ["db:read", "db:write"] }
rules:
  - name: weekend freeze
    requesters: [everyone]
    access: ["db:write"]
    hours: { days: sat-sun }
    decision: deny
    message: Nothing is written at weekends.
  - name: on-call reads at once
    requesters: [group:on-call]
    access: ["db:read"]
    decision: allow
  - name: writing
    requesters: [group:engineers]
    access: ["db:write"]
    requires: { ticket: { matches: "^INC-" } }
    max_active: 1
    decision: review
    approvals: [{ from: [group:leads] }, { from: [group:security, erin@example.com], count: 1 }]
    break_glass: { by: [erin@example.com], review_by: [group:security], within: 1d }
`;

let folder: string;
beforeEach(async () => {
  folder = await emptyFolder();
  await writeFile(join(folder, "hallpass.yml"), policy);
});
afterEach(() => rm(folder, { recursive: true }));

const run = (...args: readonly string[]) => hallpass(["policy", "test", ...args], { cwd: folder });

/** What a file of these tests comes to. */
async function outcomeOf(tests: string, given = "groups: { on-call: [erin@example.com] }") {
  const text = `version: 1\ngiven: { as: alice@example.com, asks: "db:write", ticket: INC-1, ${given} }\ntests:\n${tests}`;
  await writeFile(join(folder, "hallpass.test.yml"), text);
  const { code, stdout } = await run();
  return { code, lines: stdout.trimEnd().split("\n") };
}

test("the example's tests pass, and exercise every rule", async () => {
  const { code, stdout } = await run(
    "--file",
    fileURLToPath(new URL("../../hallpass.example.yml", import.meta.url)),
  );
  expect([code, stdout]).toEqual([0, "5 tests: 5 passed, 0 failed\nrules exercised: 3 of 3\n"]);
});

test("what holds is counted, with the rules that decided nothing", async () => {
  const { code, lines } = await outcomeOf(`
  - { name: on call, given: { as: erin@example.com, asks: "db:read" }, expect: allow, rule: on-call reads at once }
  - { name: steps in groups, expect: "review by group:leads, then 1 of erin@example.com, group:security" }
  - { name: steps in people, expect: "review by bob@example.com or carol@example.com then dana@example.com and erin@example.com" }
  - { name: without the requester, given: { as: erin@example.com }, expect: "review by group:leads, then dana@example.com" }
  - { name: any review, expect: review }
  - { name: too long, given: { for: 5h }, expect: deny because at most 4h is allowed }
  - { name: by kind, given: { for: 5h }, expect: deny because duration_too_long }
  - { name: no ticket, given: { ticket: "" }, expect: deny because ticket_missing }
  - { name: held already, given: { holds: ["db:write"] }, expect: deny because too_many }
  - { name: conflict, given: { holds: ["db:read"] }, expect: deny because "four eyes" }
  - { name: break-glass, given: { as: erin@example.com, break_glass: true }, expect: allow }
  - { name: nobody else, given: { as: eve@example.com }, expect: deny because no rule }
`);
  expect(lines).toEqual([
    "12 tests: 12 passed, 0 failed",
    'rules exercised: 2 of 3; never: "weekend freeze"',
  ]);
  expect(code).toBe(0);
});

test("what does not hold is said where it stands, with what came and by which rule", async () => {
  const { code, lines } = await outcomeOf(`
  - { name: one step, expect: review by group:leads }
  - { name: two of them, expect: "review by 2 of group:leads, then group:security, erin@example.com" }
  - { given: { at: "2026-11-21 03:00" }, expect: allow }
  - { name: another rule, given: { as: erin@example.com, asks: "db:read" }, expect: allow, rule: writing }
  - { name: another reason, given: { at: "2026-11-21 03:00" }, expect: deny because "no rule" }
`);
  expect(code).toBe(1);
  expect(lines).toEqual([
    'hallpass.test.yml:5:5: one step: expected review by group:leads, got review by group:leads, then group:security, erin@example.com (by the rule "writing")',
    'hallpass.test.yml:6:5: two of them: expected review by 2 of group:leads, then group:security, erin@example.com, got review by group:leads, then group:security, erin@example.com (by the rule "writing")',
    'hallpass.test.yml:7:5: alice@example.com asks for db:write: expected allow, got deny because "Nothing is written at weekends." (by the rule "weekend freeze")',
    'hallpass.test.yml:8:5: another rule: expected allow by the rule "writing", got allow (by the rule "on-call reads at once")',
    'hallpass.test.yml:9:5: another reason: expected deny because "no rule", got deny because "Nothing is written at weekends." (by the rule "weekend freeze")',
    "5 tests: 0 passed, 5 failed",
    "rules exercised: 3 of 3",
  ]);
});

test("a group that no test tells of is in doubt, which is no plain deny", async () => {
  const reading = `given: { as: eve@example.com, asks: "db:read" }`;
  const { lines } = await outcomeOf(
    `
  - { name: forgotten, ${reading}, expect: deny }
  - { name: in doubt, ${reading}, expect: deny because undecided }
  - { name: told, given: { as: eve@example.com, asks: "db:read", groups: { on-call: [] } }, expect: deny }
`,
    "reason: looking",
  );
  expect(lines).toEqual([
    expect.stringMatching(
      /^hallpass\.test\.yml:5:5: forgotten: expected deny, got deny because ".*the test does not say who is in group:on-call/,
    ),
    "3 tests: 2 passed, 1 failed",
    expect.any(String),
  ]);
});

test("a slip in a test is said where it stands, with what was probably meant", async () => {
  const { code, lines } = await outcomeOf(
    `
  - { given: { asks: "db:raed", fro: 1h }, expect: allow }
  - { given: { asks: "bd:read", holds: ["db:wirte"] }, expect: maybe, rule: writting }
  - { expect: review by group:leeds }
  - { given: { groups: { oncall: [], leads: [] } }, expect: review by someone }
`,
  );
  expect([code, lines]).toEqual([
    1,
    [
      'hallpass.test.yml:5:22: unknown role "raed", did you mean "read"? Known here: read, write',
      expect.stringMatching(/^hallpass\.test\.yml:5:33: unknown key "fro"/),
      'hallpass.test.yml:6:22: unknown resource "bd". Known here: db',
      'hallpass.test.yml:6:41: unknown role "wirte", did you mean "write"? Known here: read, write',
      expect.stringMatching(/^hallpass\.test\.yml:6:77: unknown rule "writting", did you mean "writing"\?/),
      expect.stringMatching(/^hallpass\.test\.yml:8:26: unknown group "oncall", did you mean "on-call"\?/),
      'hallpass.test.yml:8:38: who is in "leads" stands in the policy; change it there',
    ],
  ]);
  const spelling = await outcomeOf(`
  - { expect: review by group:leeds }
  - { expect: maybe }
  - { expect: review by someone }
  - { given: { at: "2026-03-29 01:30" }, expect: allow }
`);
  expect(spelling.lines).toEqual([
    expect.stringMatching(/^hallpass\.test\.yml:5:15: unknown group "leeds", did you mean "leads"\?/),
    expect.stringMatching(/^hallpass\.test\.yml:6:15: expected allow, review, .*, got "maybe"$/),
    expect.stringMatching(/^hallpass\.test\.yml:7:15: expected steps such as .*, got "review by someone"$/),
    'hallpass.test.yml:8:20: expected a time that clocks in Europe/London show: on this day they skip it, got "2026-03-29 01:30"',
  ]);
});

test("tests stand beside the policy, in a folder in every *.test.yml, and are no part of it", async () => {
  const folderOf = join(folder, "policies");
  await mkdir(folderOf);
  const [head = "", rules = ""] = policy.split(/(?=^rules:)/mu);
  const one = `version: 1\ntests: [{ given: { as: eve@example.com, asks: "db:write" }, expect: deny }]\n`;
  await Promise.all(
    Object.entries({ "a.yml": head, "b.yml": rules, "a.test.yml": one, "b.test.yaml": one }).map(
      ([name, text]) => writeFile(join(folderOf, name), text),
    ),
  );
  const { code, stdout } = await run("--file", "policies");
  expect([code, stdout]).toEqual([0, expect.stringContaining("2 tests: 2 passed, 0 failed\n")]);
  expect((await hallpass(["policy", "check", "policies"], { cwd: folder })).code).toBe(0);
  expect((await run("policies/a.test.yml", "--file", "policies")).stdout).toContain("1 test: 1 passed");
});

test.each([
  ["no tests", [], "hallpass.test.yml:1:1: expected a file of tests, found none here\n"],
  [
    "no policy",
    ["--file", "nowhere.yml"],
    "nowhere.yml:1:1: expected a policy file or folder, found none here\n",
  ],
])("%s is a failure", async (_, args, said) => {
  const { code, stdout } = await run(...args);
  expect([code, stdout]).toEqual([1, said]);
});

test("--json says the same to programs", async () => {
  await outcomeOf("  - { name: wrong, expect: allow }\n");
  const { code, stdout } = await run("--json");
  expect([code, JSON.parse(stdout)]).toEqual([
    1,
    {
      ok: false,
      faults: [],
      tests: [
        {
          file: "hallpass.test.yml",
          line: 4,
          column: 5,
          name: "wrong",
          passed: false,
          expected: "allow",
          got: "review by group:leads, then group:security, erin@example.com",
          rule: "writing",
        },
      ],
      rules: { exercised: ["writing"], never: ["weekend freeze", "on-call reads at once"] },
    },
  ]);
});
