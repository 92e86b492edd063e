import type { Ask } from "../decide/ask.ts";
import { evaluate } from "../decide/evaluate.ts";
import { noHistory } from "../decide/history.ts";
import type { Membership, Memberships } from "../membership.ts";
import { supposedGrants } from "../decide/past-grants.ts";
import type { Policy } from "../policy.ts";
import type { Place } from "../language/source.ts";
import { isExpected, wordAnswer, wordExpectation } from "./expectation.ts";
import type { Given, PolicyTest } from "./test-file.ts";

export type TestResult = {
  readonly name: string;
  readonly at: Place;
  readonly passed: boolean;
  /** Both as tests write it: `review by group:leads`. */
  readonly expected: string;
  readonly got: string;
  /** The rule that decided. */
  readonly rule: string | undefined;
};

export type TestReport = {
  readonly results: readonly TestResult[];
  /** The names of rules, in the policy's order: those that decided a test, and the others. */
  readonly exercised: readonly string[];
  readonly never: readonly string[];
};

/** Evaluates each test by the policy, and compares the answers. Pure; never depends on when it runs. */
export function runPolicyTests(policy: Policy, tests: readonly PolicyTest[]): TestReport {
  const results = tests.map((test) => runTest(policy, test));
  const decided = new Set(results.map(({ rule }) => rule));
  const names = policy.rules.map(({ name }) => name);
  return {
    results,
    exercised: names.filter((name) => decided.has(name)),
    never: names.filter((name) => !decided.has(name)),
  };
}

function runTest(policy: Policy, { name, at, given, expect, rule }: PolicyTest): TestResult {
  const { as: email, holds, groups: _, ...rest } = given;
  const ask: Ask = { ...rest, requester: { email } };
  const memberships = membershipsOf(policy, given);
  const grants = supposedGrants(policy, memberships, ask, holds);
  const evaluation = evaluate(policy, ask, { memberships, history: { ...noHistory, grants } });
  return {
    name,
    at,
    passed: isExpected(expect, evaluation) && (rule === undefined || rule === evaluation.rule),
    expected:
      rule === undefined ? wordExpectation(expect) : `${wordExpectation(expect)} by the rule "${rule}"`,
    got: wordAnswer(evaluation),
    rule: evaluation.rule,
  };
}

function membershipsOf(policy: Policy, { groups }: Given): Memberships {
  const elsewhere = [...policy.groups].filter(([, { kind }]) => kind !== "members");
  return new Map(
    elsewhere.map(([name]): [string, Membership] => {
      const members = groups.get(name);
      const why = `the test does not say who is in group:${name}`;
      return [name, members ? { isKnown: true, members } : { isKnown: false, why }];
    }),
  );
}
