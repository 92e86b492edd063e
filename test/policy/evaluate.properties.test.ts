import * as fc from "fast-check";
import type { Ask, Facts } from "../../src/policy/decide/ask.ts";
import { requestable } from "../../src/policy/decide/requestable.ts";
import { evaluate, type Evaluation } from "../../src/policy/decide/evaluate.ts";
import { wordRefusals } from "../../src/policy/explain/refusal-words.ts";
import type { Membership } from "../../src/policy/membership.ts";
import type { Policy } from "../../src/policy/policy.ts";
import { isEmail, normalEmail } from "../../src/policy/principal.ts";
import { traceRules } from "../../src/policy/explain/trace.ts";
import { type AnyPolicy, anyAsk, anyFacts, anyPolicy, denyRule, kept, people, textOf } from "./any-policy.ts";
import { refusalsOf } from "./asks.ts";
import { policyOf } from "./policies.ts";

const kinds = { refuse: 0, review: 1, allow: 2 };
const ease = (evaluation: Evaluation): number => kinds[evaluation.verdict];

/** Reading a policy takes most of the time. */
const runs = { numRuns: 60 };

function always(check: (policy: Policy, ask: Ask, facts: Facts, source: AnyPolicy) => void): void {
  fc.assert(
    fc.property(anyPolicy, anyAsk, anyFacts, (source, ask, facts) =>
      check(policyOf(textOf(source)), ask, facts, source),
    ),
    runs,
  );
}

test("the generator reaches every verdict and nearly every refusal", () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(
      anyPolicy,
      fc.array(fc.tuple(anyAsk, anyFacts), { minLength: 80, maxLength: 80 }),
      (source, asks) => {
        const policy = policyOf(textOf(source));
        for (const [ask, facts] of asks) {
          const evaluation = evaluate(policy, ask, facts);
          seen.add(evaluation.verdict);
          if (evaluation.verdict === "allow" && evaluation.breakGlass) seen.add("break-glass");
          if (evaluation.verdict !== "refuse" && evaluation.doubts.length > 0) seen.add("doubts");
          if (evaluation.verdict === "review" && evaluation.escalate) seen.add("escalate");
          for (const kind of refusalsOf(evaluation)) seen.add(kind);
        }
      },
    ),
    { numRuns: 60, seed: 4 },
  );
  expect([...seen].toSorted()).toEqual([
    "allow",
    "break-glass",
    "conflict",
    "denied",
    "doubts",
    "duration_invalid",
    "duration_too_long",
    "escalate",
    "no_rule",
    "nobody_can_approve",
    "not_break_glass",
    "reason_missing",
    "reason_too_long",
    "reason_unfit",
    "refuse",
    "review",
    "ticket_missing",
    "ticket_unfit",
    "too_many",
    "too_soon",
    "undecided",
    "unknown_resource",
    "unknown_role",
  ]);
});

test("whatever is asked, there is one answer, the same each time, and words for a refusal", () => {
  always((policy, ask, facts, source) => {
    const first = evaluate(policy, ask, facts);
    expect(evaluate(policy, ask, facts)).toEqual(first);
    // Nor does it depend on what was asked of the policy before.
    expect(
      evaluate(policyOf(textOf(source)), ask, { ...facts, memberships: new Map(facts.memberships) }),
    ).toEqual(first);
    const words = first.verdict === "refuse" ? wordRefusals(first.refusals) : "Granted.";
    expect(words).toMatch(/^[^\p{C}]+\.$/u);
  });
});

test("a rule that denies, added above, never grants more", () => {
  fc.assert(
    fc.property(anyPolicy, denyRule, anyAsk, anyFacts, (source, added, ask, facts) => {
      const above = { name: "added", ...added };
      const before = evaluate(policyOf(textOf(source)), ask, facts);
      // Rules keep their names: what somebody held was given by name.
      const named = source.rules.map((rule, index) => ({ name: `rule ${index}`, ...rule }));
      const after = evaluate(policyOf(textOf({ ...source, rules: [above, ...named] })), ask, facts);
      expect(ease(after)).toBeLessThanOrEqual(ease(before));
    }),
    runs,
  );
});

test("nobody has a say in their own request, and steps can be filled by different people", () => {
  always((policy, ask, facts) => {
    const evaluation = evaluate(policy, ask, facts);
    const asking = normalEmail(ask.requester.email);
    if (evaluation.verdict === "refuse") return;
    const deciding =
      evaluation.verdict === "review"
        ? [
            ...evaluation.steps.flatMap(({ approvers, notify }) => [approvers, notify]),
            evaluation.escalate?.approvers ?? [],
          ]
        : [evaluation.breakGlass?.reviewers ?? people.slice(0, 0)];
    for (const list of deciding) {
      expect(list).not.toContain(asking);
      expect([...new Set(list)].toSorted()).toEqual(list);
      expect(list.every((person) => isEmail(person) && person === normalEmail(person))).toBe(true);
    }
    const steps = evaluation.verdict === "review" ? evaluation.steps : [];
    expect(canBeFilled(steps, new Set())).toBe(true);
  });
});

type Step = { readonly count: number; readonly approvers: readonly string[] };

/** Tries all ways. */
function canBeFilled([step, ...rest]: readonly Step[], taken: ReadonlySet<string>): boolean {
  if (!step) return true;
  if (step.count === 0) return canBeFilled(rest, taken);
  return step.approvers.some(
    (person) =>
      !taken.has(person) &&
      canBeFilled([{ ...step, count: step.count - 1 }, ...rest], new Set([...taken, person])),
  );
}

test("a longer request is never easier than a shorter one", () => {
  fc.assert(
    fc.property(
      anyPolicy,
      anyAsk,
      anyFacts,
      fc.integer({ min: 1, max: 200_000 }),
      fc.nat(200_000),
      (source, ask, facts, short, more) => {
        const policy = policyOf(textOf(source));
        const shorter = evaluate(policy, { ...ask, durationSeconds: short }, facts);
        const longer = evaluate(policy, { ...ask, durationSeconds: short + more }, facts);
        expect(ease(longer)).toBeLessThanOrEqual(ease(shorter));
      },
    ),
    runs,
  );
});

test("who holds more, or was denied more, is never refused less by limits and conflicts", () => {
  always((policy, ask, facts, source) => {
    if (source.rules.some(({ when }) => when?.includes("history") === true)) return;
    const none = evaluate(policy, ask, { ...facts, history: { grants: [], denials: [] } });
    expect(ease(evaluate(policy, ask, facts))).toBeLessThanOrEqual(ease(none));
  });
});

test("not knowing who is in a group is never more generous than knowing", () => {
  const index = fc.nat(kept.length - 1);
  fc.assert(
    fc.property(anyPolicy, anyAsk, anyFacts, index, (source, ask, facts, at) => {
      const policy = policyOf(textOf(source));
      const having = (membership: Membership): number => {
        const memberships = new Map(facts.memberships).set(kept[at] ?? "", membership);
        return ease(evaluate(policy, ask, { ...facts, memberships }));
      };
      const possible = allSubsets(people).map((members) =>
        having({ isKnown: true, members: new Set(members) }),
      );
      const unread = having({ isKnown: false, why: "no answer" });
      expect(unread).toBeLessThanOrEqual(Math.max(...possible));
      // Nobody is let in at once who might have to ask people, or be refused.
      expect(unread === kinds.allow ? Math.min(...possible) : kinds.allow).toBe(kinds.allow);
    }),
    runs,
  );
});

function allSubsets(from: readonly string[]): readonly (readonly string[])[] {
  return from.reduce<readonly (readonly string[])[]>(
    (sets, one) => [...sets, ...sets.map((set) => [...set, one])],
    [[]],
  );
}

test("nothing is granted for longer than the terms, and nothing that the form would not offer", () => {
  always((policy, asked, facts) => {
    // The form is Slack's; from there no address is known.
    const ask: Ask = { ...asked, source: "slack", ip: undefined };
    const evaluation = evaluate(policy, ask, facts);
    if (evaluation.verdict === "refuse") return;
    expect(ask.durationSeconds).toBeLessThanOrEqual(evaluation.maxDurationSeconds);
    const offered = requestable(policy, facts.memberships, ask.requester.email, ask.now).find(
      ({ resource, role }) => resource === ask.resource && role === ask.role,
    );
    expect(offered).toBeDefined();
    expect(offered?.maxDurationSeconds).toBeGreaterThanOrEqual(evaluation.maxDurationSeconds);
    expect(offered?.risk).toBe(evaluation.risk);
    expect(["depends", evaluation.verdict]).toContain(
      evaluation.verdict === "allow" && evaluation.breakGlass ? "depends" : offered?.verdict,
    );
    expect(ask.ticket === undefined && offered?.needsTicket === true).toBe(false);
    const mayBreakGlass = evaluation.verdict === "review" && evaluation.mayBreakGlass;
    expect(mayBreakGlass && offered?.mayBreakGlass !== true).toBe(false);
  });
});

test("what the form offers, some rule is about, unless it depends", () => {
  always((policy, asked, facts) => {
    for (const offered of requestable(policy, facts.memberships, asked.requester.email, asked.now)) {
      if (offered.verdict === "depends") continue;
      const { resource, role } = offered;
      const ask: Ask = { ...asked, resource, role, source: "slack", ip: undefined, isBreakGlass: false };
      const refusals = refusalsOf(evaluate(policy, ask, facts));
      for (const kind of ["no_rule", "denied", "undecided"]) expect(refusals).not.toContain(kind);
    }
  });
});

test("a refusal offers nothing that the person may not ask for", () => {
  always((policy, ask, facts) => {
    const evaluation = evaluate(policy, ask, facts);
    const [refusal] = evaluation.verdict === "refuse" ? evaluation.refusals : [];
    if (!refusal || !("allowed" in refusal)) return;
    const { kind, allowed, nearest } = refusal;
    const offered = requestable(policy, facts.memberships, ask.requester.email, ask.now).map((entry) =>
      kind === "unknown_resource" ? entry.resource : entry.role,
    );
    for (const name of [...allowed, ...(nearest === undefined ? [] : [nearest])])
      expect(offered).toContain(name);
  });
});

test("the trace that explains an answer names the rule that gave it", () => {
  always((policy, ask, facts) => {
    const evaluation = evaluate(policy, ask, facts);
    const trace = traceRules(policy, ask, facts);
    if (["unknown_resource", "unknown_role"].includes(refusalsOf(evaluation)[0] ?? "")) return;
    expect(trace.map(({ rule }) => rule)).toEqual(policy.rules.map(({ name }) => name));
    const deciding = trace.filter((rule) => rule.answer !== undefined);
    expect(deciding.map(({ rule }) => rule)).toEqual(evaluation.rule === undefined ? [] : [evaluation.rule]);
    const answer = deciding[0]?.answer;
    const refusals = { allow: undefined, review: undefined, deny: ["denied"], refuse: ["undecided"] };
    expect(refusalsOf(evaluation)).toEqual((answer && refusals[answer]) ?? refusalsOf(evaluation));
    const isOrdinary = ask.isBreakGlass !== true && evaluation.verdict !== "refuse";
    expect(isOrdinary ? answer : evaluation.verdict).toBe(evaluation.verdict);
    for (const { matches, against } of trace) expect(against.length > 0).toBe(matches !== "yes");
  });
});
