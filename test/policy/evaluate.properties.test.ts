import * as fc from "fast-check";
import { stringify } from "yaml";
import { type Ask, askable, evaluate, type Evaluation } from "../../src/policy/evaluate.ts";
import { wordRefusal } from "../../src/policy/explain.ts";
import type { Policy } from "../../src/policy/policy.ts";
import { policyOf } from "./policies.ts";

const people = ["ann", "ben", "cat", "dov", "eve"].map((name) => `${name}@example.com`);
const groups = ["red", "blue", "void"];
const roles = ["read", "write"];
const resources = ["orders", "users"];

const person = fc.constantFrom(...people);
const group = fc.constantFrom(...groups).map((name) => `group:${name}`);
const requesters = fc.array(fc.oneof(person, group, fc.constant("everyone")), { minLength: 1, maxLength: 3 });
const access = fc.array(
  fc
    .tuple(fc.constantFrom("*", ...resources), fc.constantFrom("*", ...roles))
    .map(([resource, role]) => `${resource}:${role}`),
  { minLength: 1, maxLength: 3 },
);
const limit = fc.option(fc.constantFrom("15m", "1h", "4h", "2d"), { nil: undefined });

const rule = fc.oneof(
  fc.record({ requesters, access, decision: fc.constant("allow"), max_duration: limit }),
  fc.record({ requesters, access, decision: fc.constant("deny") }),
  fc.record({
    requesters,
    access,
    decision: fc.constant("review"),
    max_duration: limit,
    approvals: fc
      .record({
        // One person always, so that the policy is valid.
        from: fc
          .tuple(person, fc.array(fc.oneof(person, group), { maxLength: 3 }))
          .map(([one, more]) => [one, ...more]),
      })
      .map((step) => [step]),
  }),
);

const written = fc.record({
  groups: fc.tuple(fc.subarray(people), fc.subarray(people)),
  rules: fc.array(rule, { maxLength: 6 }),
  limits: fc.tuple(limit, limit),
});
type Written = typeof written extends fc.Arbitrary<infer Value> ? Value : never;

function textOf({ groups: [red, blue], rules, limits }: Written): string {
  const rolesOf = Object.fromEntries(
    roles.map((name, index) => [name, { grant: { role: name }, max_duration: limits[index] }]),
  );
  return stringify(
    {
      version: 1,
      settings: { channel: "#access" },
      groups: { red: { members: red }, blue: { members: blue }, void: { members: [] } },
      providers: { pg: { type: "postgres", url: "${URL}" } },
      resources: Object.fromEntries(resources.map((name) => [name, { provider: "pg", roles: rolesOf }])),
      rules: rules.map((one, index) => ({ name: `rule ${index}`, ...one })),
    },
    { aliasDuplicateObjects: false, keepUndefined: false },
  );
}

const shouted = person.map((email) => email.toUpperCase());
const ask: fc.Arbitrary<Ask> = fc.record({
  requester: fc.record({ email: fc.oneof({ weight: 8, arbitrary: person }, shouted, fc.string()) }),
  resource: fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...resources) }, fc.string()),
  role: fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...roles) }, fc.string()),
  durationSeconds: fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 1, max: 200_000 }) }, fc.double()),
  reason: fc.oneof({ weight: 4, arbitrary: fc.constant("INC-42") }, fc.string()),
  now: fc.date(),
});

const kinds = { refuse: 0, review: 1, allow: 2 };
const ease = (evaluation: Evaluation): number => kinds[evaluation.verdict];

function always(check: (policy: Policy, asked: Ask, source: Written) => void): void {
  fc.assert(
    fc.property(written, ask, (source, asked) => check(policyOf(textOf(source)), asked, source)),
    { numRuns: 300 },
  );
}

test("the generator reaches every verdict", () => {
  const seen = new Set<string>();
  always((policy, asked) => void seen.add(evaluate(policy, asked).verdict));
  expect([...seen].toSorted()).toEqual(["allow", "refuse", "review"]);
});

test("whatever is asked, there is one answer, the same each time, and words for a refusal", () => {
  always((policy, asked) => {
    const first = evaluate(policy, asked);
    expect(evaluate(policy, asked)).toEqual(first);
    const words = first.verdict === "refuse" ? wordRefusal(first.refusal) : "Granted.";
    expect(words).toMatch(/^[^\p{C}]+\.$/u);
  });
});

test("a rule that denies, added above, never grants more", () => {
  const deny = fc.record({ requesters, access, decision: fc.constant("deny") });
  fc.assert(
    fc.property(written, deny, ask, (source, added, asked) => {
      const before = evaluate(policyOf(textOf(source)), asked);
      const after = evaluate(policyOf(textOf({ ...source, rules: [added, ...source.rules] })), asked);
      expect(ease(after)).toBeLessThanOrEqual(ease(before));
    }),
    { numRuns: 300 },
  );
});

test("nobody is among the approvers of their own request, and each approver is named once", () => {
  always((policy, asked) => {
    const evaluation = evaluate(policy, asked);
    if (evaluation.verdict !== "review") return;
    for (const { approvers, count } of evaluation.steps) {
      expect(approvers).not.toContain(asked.requester.email.toLowerCase());
      expect(new Set(approvers).size).toBe(approvers.length);
      expect(approvers.toSorted()).toEqual(approvers);
      expect(approvers.length).toBeGreaterThanOrEqual(count);
    }
  });
});

test("a longer request is never easier than a shorter one", () => {
  fc.assert(
    fc.property(
      written,
      ask,
      fc.integer({ min: 1, max: 200_000 }),
      fc.nat(200_000),
      (source, asked, short, more) => {
        const policy = policyOf(textOf(source));
        const shorter = evaluate(policy, { ...asked, durationSeconds: short });
        const longer = evaluate(policy, { ...asked, durationSeconds: short + more });
        expect(ease(longer)).toBeLessThanOrEqual(ease(shorter));
      },
    ),
    { numRuns: 300 },
  );
});

test("nothing is granted for longer than the policy's terms, and nothing that the form would not offer", () => {
  always((policy, asked) => {
    const evaluation = evaluate(policy, asked);
    if (evaluation.verdict === "refuse") return;
    expect(asked.durationSeconds).toBeLessThanOrEqual(evaluation.maxDurationSeconds);
    const offered = askable(policy, asked.requester.email).find(
      ({ resource, role }) => resource === asked.resource && role === asked.role,
    );
    expect(offered).toMatchObject({ verdict: evaluation.verdict, rule: evaluation.rule });
  });
});

test("a refusal offers nothing that the person may not ask for", () => {
  always((policy, asked) => {
    const evaluation = evaluate(policy, asked);
    if (evaluation.verdict !== "refuse" || !("allowed" in evaluation.refusal)) return;
    const { kind, allowed, nearest } = evaluation.refusal;
    const offered = askable(policy, asked.requester.email).map((entry) =>
      kind === "unknown_resource" ? entry.resource : entry.role,
    );
    for (const name of [...allowed, ...(nearest === undefined ? [] : [nearest])])
      expect(offered).toContain(name);
  });
});
