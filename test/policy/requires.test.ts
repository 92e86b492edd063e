import { answer, refusalsOf } from "./asks.ts";
import { faultsOf, policyOf, withRule } from "./policies.ts";

const unfit = { kind: "reason_unfit", rule: "the rule" };

describe("a reason", () => {
  const long = policyOf(withRule("decision: allow\nrequires: { reason: { min_length: 5 } }"));

  test.each([
    ["12345", "allow"],
    ["1234", "refuse"],
    ["  1234  ", "refuse"],
    // Four characters that are eight of JavaScript's.
    ["🔥🔥🔥🔥", "refuse"],
    ["🔥🔥🔥🔥🔥", "allow"],
    ["修复数据库", "allow"],
  ])("of at least five characters: %j is answered %s", (reason, verdict) => {
    expect(answer(long, { reason }).verdict).toBe(verdict);
  });

  test("that is too short is told how long it has to be", () => {
    expect(answer(long, { reason: "1234" })).toEqual({
      verdict: "refuse",
      rule: "the rule",
      refusals: [{ ...unfit, minLength: 5, matches: undefined, message: undefined }],
    });
  });

  test("has to have what is looked for, anywhere in it", () => {
    const matching = policyOf(
      withRule(
        'decision: allow\nrequires: { reason: { matches: "INC-[0-9]+", message: "Name the incident." } }',
      ),
    );
    expect(answer(matching, { reason: "Mends INC-42, again" }).verdict).toBe("allow");
    expect(answer(matching, { reason: "Mends INC-" })).toMatchObject({
      refusals: [{ ...unfit, matches: "INC-[0-9]+", message: "Name the incident." }],
    });
  });

  test("is needed all the same where nothing is required of it", () => {
    const ticketOnly = policyOf(withRule("decision: allow\nrequires: { ticket: {} }"));
    expect(refusalsOf(answer(ticketOnly, { reason: " ", ticket: "INC-1" }))).toEqual(["reason_missing"]);
    expect(refusalsOf(answer(long, { reason: "" }))).toEqual(["reason_missing"]);
    expect(refusalsOf(answer(long, { reason: "x".repeat(3001) }))).toEqual(["reason_too_long"]);
  });
});

describe("a ticket", () => {
  const policy = policyOf(withRule('decision: allow\nrequires: { ticket: { matches: "^INC-[0-9]+$" } }'));

  test.each([undefined, "", "  ", "\u200b"])("%j is none", (ticket) => {
    expect(answer(policy, { ticket })).toMatchObject({
      refusals: [{ kind: "ticket_missing", rule: "the rule", matches: "^INC-[0-9]+$" }],
    });
  });

  test.each([
    ["INC-42", "allow"],
    ["INC-", "refuse"],
    ["xINC-42", "refuse"],
    ["INC-42\nx", "refuse"],
    ["x\nINC-42", "refuse"],
  ])("%j is answered %s", (ticket, verdict) => {
    const evaluation = answer(policy, { ticket });
    expect(evaluation.verdict).toBe(verdict);
    expect(refusalsOf(evaluation)).toEqual(verdict === "allow" ? [] : ["ticket_unfit"]);
  });

  test("of any form will do where none is asked for", () => {
    const any = policyOf(withRule("decision: allow\nrequires: { ticket: {} }"));
    expect(answer(any, { ticket: "x" }).verdict).toBe("allow");
    expect(refusalsOf(answer(any))).toEqual(["ticket_missing"]);
  });

  test("is not looked at where none is required", () => {
    expect(answer(withRule("decision: allow"), { ticket: "whatever" }).verdict).toBe("allow");
  });
});

test("all that is wrong with what somebody wrote is said at once", () => {
  const policy = withRule(
    'decision: allow\nmax_duration: 1h\nrequires: { reason: { min_length: 20 }, ticket: { matches: "^INC-" } }',
  );
  const wrong = { durationSeconds: 7200, reason: "short", ticket: "x" };
  expect(refusalsOf(answer(policy, wrong))).toEqual(["duration_too_long", "reason_unfit", "ticket_unfit"]);
  const missing = { durationSeconds: 0, reason: "", ticket: "" };
  expect(refusalsOf(answer(policy, missing))).toEqual([
    "duration_invalid",
    "reason_missing",
    "ticket_missing",
  ]);
});

test("a pattern that would run for years elsewhere answers at once", () => {
  const policy = policyOf(withRule('decision: allow\nrequires: { reason: { matches: "^(a+)+$" } }'));
  expect(refusalsOf(answer(policy, { reason: `${"a".repeat(2999)}!` }))).toEqual(["reason_unfit"]);
});

describe("requires: written wrong is a fault", () => {
  test.each([
    ["{ reason: { min_length: 0 } }", "39: expected a whole number from 1, got 0"],
    ["{ reason: { min_length: 1e400 } }", '39: expected a whole number from 1, got "1e400"'],
    ["{ reason: { min_length: '5' } }", '39: expected a whole number from 1, got "5"'],
    ["{ reason: { matches: '[' } }", `36: expected a pattern in RE2's syntax, got "[": missing closing ]`],
    ["{ ticket: { matches: '(?=x)' } }", "36: expected a pattern in RE2's syntax"],
    ["{ ticket: { matches: 'a{1000}{1000}' } }", "36: expected a"],
    ["{ ticket: { min_length: 3 } }", '27: unknown key "min_length". Allowed here: matches, message'],
    ["{ ticket: true }", "25: expected a map, got true"],
    ["{ ticket: }", "25: expected a map, got nothing"],
    ["{ reson: {} }", '17: unknown key "reson", did you mean "reason"? Allowed here: reason, ticket'],
    ["{ ticket: { message: '' } }", '36: expected 1 to 1000 characters, got ""'],
  ])("%s", (written, fault) => {
    const [found = "", ...others] = faultsOf(withRule(`decision: allow\nrequires: ${written}`));
    expect(others).toEqual([]);
    expect(found.slice(0, "hallpass.yml:25:".length + fault.length)).toBe(`hallpass.yml:25:${fault}`);
  });
});
