import { wordRefusals } from "../../src/policy/explain/refusal-words.ts";
import { answer, factsOf } from "./asks.ts";
import { policyOf, withRules } from "./policies.ts";

/** What somebody is told whom no rule lets ask; it is a Tuesday, three in the morning. */
function told(
  rules: string,
  ...[change, facts]: Parameters<typeof answer> extends [unknown, ...infer Rest] ? Rest : never
): string {
  const policy = policyOf(
    withRules(rules).replace("groups:\n", "groups:\n  oncall: { pagerduty: PABC123 }\n"),
  );
  const evaluation = answer(policy, change, facts);
  if (evaluation.verdict !== "refuse") throw new Error(`not refused: ${evaluation.verdict}`);
  return wordRefusals(evaluation.refusals);
}

function rule(name: string, more: string, requesters = "group:engineers"): string {
  return `  - { name: ${name}, requesters: [${requesters}], access: ["orders:read"], decision: allow, ${more} }`;
}

const nobodyOnCall = factsOf({ oncall: [] });
const likeThis = "No rule lets you ask for orders:read like this: ";
const hours = 'hours: { days: mon-fri, from: "09:00", to: "18:00" }';

test.each([
  ["the hours", hours, '"r" does, only mon-fri 09:00 to 18:00 (UTC).'],
  [
    "being on call",
    "when: requester.on_call",
    '"r" does, only for those who are on call, which you are not now.',
  ],
  ["a ticket", `when: 'request.ticket != ""'`, '"r" does, only with a ticket, and you gave none.'],
  [
    "a ticket of a kind",
    `when: 'request.ticket.matches("^INC-")'`,
    '"r" does, only with a ticket such as ^INC-, and you gave none.',
  ],
  [
    "a shorter duration",
    `when: 'request.duration <= duration("30m")'`,
    '"r" does, only for at most 30m, and you asked for 1h.',
  ],
  ["anything else", `when: 'request.source == "api"'`, '"r" does, only when request.source == "api".'],
])("who lacks %s is told so", (_, more, said) => {
  expect(told(rule("r", more), {}, nobodyOnCall)).toBe(likeThis + said);
});

test("of a condition, only the part that does not hold is told", () => {
  const when = `when: 'request.role == "read" && request.ticket.matches("^INC-") && (request.duration <= duration("2h") || resource.risk == "low")'`;
  expect(told(rule("r", when), { ticket: "SEC-1" })).toBe(
    `${likeThis}"r" does, only with a ticket such as ^INC-, and yours is "SEC-1".`,
  );
  expect(told(rule("r", when), { ticket: "INC-1", durationSeconds: 4 * 3600 })).toBe(
    `${likeThis}"r" does, only when request.duration <= duration("2h") || resource.risk == "low".`,
  );
});

test("all that a rule lacks is told, and first the rule that lacks the least", () => {
  const rules = [
    rule("two", `${hours}, when: 'request.ticket != ""'`),
    rule("one", "when: requester.on_call"),
  ];
  expect(told(rules.join("\n"), {}, nobodyOnCall)).toBe(
    `${likeThis}"one" does, only for those who are on call, which you are not now; "two" does, only mon-fri 09:00 to 18:00 (UTC) and only with a ticket, and you gave none.`,
  );
});

describe("a rule for those who are on call", () => {
  const onCall = rule("at night", "max_duration: 1h", "group:oncall");

  test("is told to who may ask for the role by another rule", () => {
    expect(told([rule("by day", hours), onCall].join("\n"), {}, nobodyOnCall)).toBe(
      `${likeThis}"by day" does, only mon-fri 09:00 to 18:00 (UTC); "at night" does, only for those who are on call, which you are not now.`,
    );
  });

  test("is told to nobody else", () => {
    const others = [rule("by day", hours, "group:leads"), rule("rest", hours, "bob@example.com"), onCall];
    for (const rules of [onCall, others.join("\n")])
      expect(told(rules, {}, nobodyOnCall)).toBe("No rule lets you ask for orders:read.");
    const denied = rule("stop", `when: 'request.ticket != ""'`).replace("allow", "deny");
    expect(told([denied, onCall].join("\n"), {}, nobodyOnCall)).toBe("No rule lets you ask for orders:read.");
  });
});

test("rules for other people, about other roles, and those that deny are told to nobody", () => {
  const others = [
    rule("leads", hours, "group:leads"),
    rule("writing", hours).replace("orders:read", "orders:write"),
    rule("stop", hours).replace("allow", "deny"),
  ];
  expect(told(others.join("\n"))).toBe("No rule lets you ask for orders:read.");
});
