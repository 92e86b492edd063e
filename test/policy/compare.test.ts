import { comparePolicies } from "../../src/policy/diff/compare.ts";
import { givingKeys, reviewKeys } from "../../src/policy/language/rule-keys.ts";
import { changed, policyOf, smallPolicy } from "./policies.ts";

const writing = "approvals:\n      - from: [group:leads]\n        count: 1\n";
const before = policyOf(smallPolicy);
const wordsOf = (text: string) =>
  comparePolicies(before, policyOf(text)).map(({ people, what }) => [...people, what].join(" "));

const told: readonly (readonly [line: string, words: string])[] = [
  ["when: request.ticket != ''", "when request.ticket != '': 1 of group:leads"],
  ["hours: { from: '09:00', to: '18:00' }", "daily 09:00 to 18:00: 1 of group:leads"],
  ["from_ip: [10.0.0.0/8]", "from 10.0.0.0/8: 1 of group:leads"],
  ["requires: { reason: { min_length: 20 } }", "a reason of at least 20 characters"],
  ["max_duration: 1h", "1 of group:leads, at most 1h"],
  ["default_duration: 1h", "1h unless told"],
  ["max_active: 2", "2 at a time by the rule"],
  ["cooldown: 1d", "1d after the last by the rule"],
  ["extend: { times: 1, by: 1h }", "extended at most once by 1h"],
  ["revoke_on_idle: 30m", "ends when not used for 30m"],
  ["timeout: 2h", "expires unanswered after 2h"],
  ["remind_every: 15m", "reminded every 15m"],
  ["escalate: { after: 30m, to: [group:security] }", "escalated after 30m to group:security"],
  ["start_within: 1h", "to be started within 1h"],
  ["channel: '#orders'", "told in #orders"],
  [
    "break_glass: { by: [everyone], review_by: [group:security], within: 1d }",
    "break-glass by everyone, reviewed within 1d by group:security",
  ],
];

test.each(told)("a rule that has %s besides is another one", (line, words) => {
  const changes = wordsOf(changed(writing, `${line}\n    ${writing}`));
  expect(changes[0]).toMatch(
    /^alice@example\.com erin@example\.com may ask for orders:write on other terms: /,
  );
  expect(changes[0]).toContain(words);
});

test("every key that goes with review is told", () => {
  const lines = told.map(([line]) => line);
  const untold = [...givingKeys, ...reviewKeys].filter(
    (key) => !lines.some((line) => line.startsWith(`${key}:`)),
  );
  // The steps are what the rule gives, not terms.
  expect(untold).toEqual(["approvals"]);
});

test.each([
  ["who is pinged", "count: 1", "notify: none", "none pinged for group:leads"],
  ["how many have to", "count: 1", "count: 2", "2 of group:leads"],
  ["a limit of the role", "max_duration: 4h", "max_active: 1, max_duration: 4h", "1 at a time of the role"],
])("%s is a difference", (_, from, to, words) => {
  expect(wordsOf(changed(from, to))).toEqual([expect.stringContaining(words)]);
});

test("what only matters where another rule gives is told as a deny, and what gives nothing is not", () => {
  const deny = `- { name: no, requesters: [erin@example.com], access: ["orders:*"], when: request.ticket == "", decision: deny }`;
  expect(wordsOf(changed("rules:\n", `rules:\n  ${deny}\n`))).toEqual([
    'erin@example.com may ask for orders:read on other terms: now also when request.ticket == "": denied',
    'erin@example.com may ask for orders:write on other terms: now also when request.ticket == "": denied',
  ]);
  expect(wordsOf(`${smallPolicy}  ${deny}\n`)).toEqual([]);
});

test("a deny of something in a bundle is a change of the bundle, too", () => {
  const bundle = '      both: { bundle: ["orders:read", "orders:write"] }\nrules:\n';
  const rules = `  - { name: both, requesters: [erin@example.com], access: ["orders:both"], decision: allow }\n`;
  const deny = `  - { name: no, requesters: [erin@example.com], access: ["orders:read"], decision: deny }\n`;
  const [old, fresh] = [rules, deny + rules].map((text) => policyOf(changed("rules:\n", bundle + text)));
  if (!old || !fresh) throw new Error("two policies");
  expect(comparePolicies(old, fresh).map(({ what }) => what)).toEqual([
    "may no longer ask for orders:both (before: at once, at most 4h)",
    "may no longer ask for orders:read (before: at once, at most 8h)",
  ]);
});

test("other names and another order of rules that never meet are no difference", () => {
  const [head = "", ...rules] = smallPolicy.split(/(?=^ {2}- name)/mu);
  expect(wordsOf([head, ...rules.toReversed()].join("").replace("name: writing", "name: changing"))).toEqual(
    [],
  );
});

test("5,000 people who are alike change together", () => {
  const members = Array.from({ length: 5000 }, (_, index) => `p${index}@example.com`).join(", ");
  const many = changed("engineers: { members: [", `engineers: { members: [${members}, `);
  const [change, ...others] = comparePolicies(
    policyOf(many),
    policyOf(many.replace("decision: allow", "decision: deny")),
  );
  expect(change?.people).toHaveLength(5002);
  expect(change?.what).toBe("may no longer ask for orders:read (before: at once, at most 8h)");
  expect(others).toEqual([]);
});
