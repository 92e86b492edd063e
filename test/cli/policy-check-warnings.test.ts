import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { emptyFolder, hallpass } from "./run-hallpass.ts";

const head = `version: 1
settings: { channel: "#a", admins: [group:security], auditors: [group:engineers] }
groups:
  engineers: { members: [alice@example.com, bob@example.com] }
  security: { members: [dana@example.com] }
  on-call: { pagerduty: PABC123 }
providers: { pg: { type: postgres, url: "\${URL}" } }
resources:
  db:
    provider: pg
    roles:
      read: { grant: { role: r } }
      write: { grant: { role: w }, max_duration: 4h }
`;
const engineers = "requesters: [group:engineers]";
const everything = `{ name: rest, requesters: [everyone, group:on-call], access: ["*:*"], decision: allow }`;

/** The warnings about these rules, without file and line. */
async function warningsOf(rules: readonly string[], text = head): Promise<readonly string[]> {
  const cwd = await emptyFolder();
  try {
    await writeFile(
      join(cwd, "hallpass.yml"),
      `${text}rules:\n${rules.map((rule) => `  - ${rule}\n`).join("")}`,
    );
    const { code, stdout } = await hallpass(["policy", "check"], { cwd });
    const lines = stdout.trimEnd().split("\n");
    expect([code, lines.pop()]).toEqual([0, expect.stringContaining("hallpass.yml is fine: ")]);
    return lines.map((line) => /^hallpass\.yml:\d+:\d+: warning: (.*)$/.exec(line)?.[1] ?? line);
  } finally {
    await rm(cwd, { recursive: true });
  }
}

describe("a rule that never decides", () => {
  const first = (more: string) => `{ name: first, ${engineers}, access: ["db:read"], decision: deny${more} }`;
  const second = (more: string) =>
    `{ name: second, requesters: [alice@example.com], access: ["db:read"], decision: allow${more} }`;
  const never = ['all that "second" matches is decided before by "first": it never decides'];
  const [when, other, hours] = [
    ", when: request.ticket != ''",
    ", when: request.reason != ''",
    ", hours: { days: mon }",
  ];

  test.each([
    ["by one without a condition", "", "", never],
    ["by one without a condition, whatever its own", "", when, never],
    ["not by one with a condition", when, "", []],
    ["not by one with another condition", when, other, []],
    ["by one with the same condition", when, when, never],
    ["by one with the same condition, with more of its own", when, when + hours, never],
    ["not by one with more conditions", when + hours, when, []],
    ["not by one at certain hours", hours, "", []],
    ["not by one from certain addresses", ", from_ip: [10.0.0.0/8]", "", []],
  ])("is found: decided before, %s", async (_, before, after, warnings) => {
    expect(await warningsOf([first(before), second(after), everything])).toEqual(warnings);
  });

  test("is found where several together decide before", async () => {
    const rules = ["alice", "bob"].map(
      (name) => `{ name: ${name}, requesters: [${name}@example.com], access: ["db:*"], decision: allow }`,
    );
    const late = `{ name: late, ${engineers}, access: ["db:read"], decision: deny }`;
    expect(await warningsOf([...rules, late, everything])).toEqual([
      'all that "late" matches is decided before by "alice" and "bob": it never decides',
    ]);
  });

  test("is not one whose people may be in a group kept elsewhere", async () => {
    const onCall = `{ name: on-call, requesters: [group:on-call], access: ["db:read"], decision: allow }`;
    expect(await warningsOf([first(""), onCall, everything])).toEqual([]);
    expect(await warningsOf([onCall, second(""), everything])).toEqual([]);
    expect(await warningsOf([onCall, onCall.replace("on-call,", "again,"), everything])).toEqual([
      'all that "again" matches is decided before by "on-call": it never decides',
    ]);
  });
});

describe("a step", () => {
  const review = (requesters: string, approvals: string, more = "") =>
    `{ name: r, requesters: [${requesters}], access: ["db:*"], decision: review, approvals: [${approvals}]${more} }`;
  const refused = (people: string) =>
    `when ${people}, too few others can approve this step of "r": they are always refused`;

  test.each([
    ["that only the requester could fill", "{ from: [bob@example.com] }", [refused("bob@example.com asks")]],
    [
      "that lacks one without the requester",
      "{ from: [group:engineers], count: 2 }",
      [refused("alice@example.com or bob@example.com ask")],
    ],
    [
      "that takes whom another step takes too",
      "{ from: [dana@example.com] }, { from: [alice@example.com, dana@example.com] }",
      [refused("alice@example.com asks")],
    ],
    ["that others can fill", "{ from: [group:engineers] }", []],
    ["that others may fill who are kept elsewhere", "{ from: [bob@example.com, group:on-call] }", []],
  ])("%s", async (_, approvals, warnings) => {
    expect(await warningsOf([review("group:engineers", approvals), everything])).toEqual(warnings);
  });

  test("is fine where the requester never comes to it", async () => {
    const before = `{ name: bob, requesters: [bob@example.com], access: ["db:*"], decision: allow }`;
    expect(
      await warningsOf([before, review("group:engineers", "{ from: [bob@example.com] }"), everything]),
    ).toEqual([]);
  });

  test("break-glass that only its taker could review", async () => {
    const more =
      ", break_glass: { by: [group:engineers, group:on-call], review_by: [alice@example.com], within: 1d }";
    expect(
      await warningsOf([review("group:engineers", "{ from: [dana@example.com] }", more), everything]),
    ).toEqual([
      'when alice@example.com takes the access of "r" at once, nobody else could review it: they are refused',
    ]);
  });
});

test("durations that are never reached are said", async () => {
  const limits = "max_duration: 8h, default_duration: 5h, revoke_on_idle: 6h";
  const review = `{ name: r, ${engineers}, access: ["db:write"], decision: review, approvals: [{ from: [dana@example.com] }], ${limits}, remind_every: 30h, escalate: { after: 25h, to: [dana@example.com] } }`;
  const bound = 'is never reached: every role that "r" covers allows at most 4h';
  const expires = 'is never reached: a request of "r" expires after 1d';
  expect(await warningsOf([review, everything])).toEqual([
    `8h ${bound}`,
    `5h ${bound}`,
    `6h ${bound}`,
    `1d6h ${expires}`,
    `1d1h ${expires}`,
  ]);
  // Of read, it is reached.
  expect(
    await warningsOf([review.replace("db:write", "db:*").replace(/, remind_every.*\} \}/, " }"), everything]),
  ).toEqual([]);
});

test("groups nobody is in, groups and providers nothing uses, roles nothing gives and bundles in conflict are said", async () => {
  const text = head
    .replace(
      "groups:\n",
      "groups:\n  empty: { members: [] }\n  unused: { members: [] }\n  read: { members: [] }\n",
    )
    .replace("providers: {", 'providers: { idle: { type: postgres, url: "${URL}" },')
    .replace(
      "      read:",
      '      both: { bundle: ["db:read", "db:write"] }\n      lonely: { grant: { role: l } }\n      read:',
    )
    .replace("resources:", 'conflicts: [{ name: four eyes, between: ["db:read", "db:write"] }]\nresources:');
  const rules = [
    `{ name: no one, requesters: [group:empty], access: ["db:read"], decision: allow }`,
    `{ name: some, requesters: [group:empty, group:on-call], access: ["db:both"], when: '"read" in requester.groups', decision: allow }`,
  ];
  expect(await warningsOf(rules, text)).toEqual([
    'nothing names the group "unused"',
    'no resource uses the provider "idle"',
    "db:both gives roles that nobody may hold together (four eyes): nobody is ever given it",
    "no rule gives db:lonely to anybody",
    'nobody is among the requesters of "no one": it never decides',
    'nobody is in "empty"',
  ]);
});
