import { z } from "zod";
import { createMetrics } from "../../src/http/metrics.ts";
import { functions } from "../../src/policy/conditions/functions.ts";
import { compileCondition } from "../../src/policy/conditions/condition.ts";
import { wordFault } from "../../src/policy/language/fault.ts";
import { policyJsonSchema } from "../../src/policy/language/json-schema.ts";
import { parsePolicy } from "../../src/policy/language/load.ts";
import { providerTypes } from "../../src/providers/registry.ts";
import { blocksOf, readPage } from "./markdown.ts";
import { withRuleTables } from "./rule-tables.ts";

const page = await readPage("policy-language.md");
const blocks = blocksOf(page);
const examples = blocks.filter(({ language }) => language === "yaml");
const conditions = blocks
  .filter(({ language }) => language === "cel")
  .flatMap(({ text }) => text.trim().split("\n"));
const [shared] = blocksOf(await readPage("policies.md"));

/** `Rules, line 123`: what a person looks for when an example fails. */
const named = examples.map(
  (block) => [`${block.heading || "the first"}, line ${block.line}`, block] as const,
);

test.each(named)("the example under %s is taken", (_, { text }) => {
  // What is not whole adds to the policy that the other page begins with.
  const isWhole = text.startsWith("version:");
  const files = isWhole ? [] : [{ name: "shared.yml", text: shared?.text ?? "" }];
  const parsed = parsePolicy([...files, { name: "example.yml", text }], { providerTypes });
  expect(parsed.ok ? [] : parsed.faults.map(wordFault)).toEqual([]);
});

test.each(conditions)("the condition %s is taken", (text) => {
  expect(compileCondition(text)).toMatchObject({ ok: true });
});

test.each([
  `has(request.ticket)`,
  `requester.groups.map(g, g) == []`,
  `cel.bind(a, 1, a == 1)`,
  `dyn(1) == 1`,
  `type(1) == int`,
  `{"a": 1}.a == 1`,
  `request.ticket == null`,
  `b"a" == b"a"`,
  `1u == 1u`,
  `[requester.groups] == []`,
  `request.duration < duration("1d")`,
  `request.ticket.matches(request.reason)`,
  `request.ticket.matches("(?=a)")`,
  `now.getHours(requester.email) == 1`,
])("what is said to be left out is: %s", (text) => {
  expect(compileCondition(text)).toMatchObject({ ok: false });
});

test("every function that a condition may call is named, and every operator works", () => {
  expect(Object.keys(functions).filter((name) => !page.includes(name))).toEqual([]);
  const all = `(1 + 2 * 3 - 4 / 2 % 2 != 0 ? 1 < 2 : 1 >= 2) && [1, 2][0] <= 2 && !(3 > 4) || 1 in [1]`;
  expect(compileCondition(all)).toMatchObject({ ok: true });
});

test("every key that a policy may hold is named", () => {
  const keys = keysIn(policyJsonSchema(providerTypes));
  expect(keys.size).toBeGreaterThan(50);
  expect([...keys].filter((key) => !new RegExp(`\\b${key}\\b`, "u").test(page))).toEqual([]);
});

test("the tables of a rule's keys are what the schema says; `npm run docs:schema` writes them", () => {
  expect(page).toBe(withRuleTables(page));
});

test("the metrics of reloads have the names that are said", async () => {
  const metrics = createMetrics();
  metrics.policyLookedAt("loaded", "abc");
  const shown = await metrics.text();
  const said = [...page.matchAll(/`(hallpass_policy_\w+)/gu)].map(([, name]) => name ?? "");
  expect(said).toHaveLength(3);
  expect(said.filter((name) => !shown.includes(`\n${name}`))).toEqual([]);
});

const Properties = z.record(z.string(), z.unknown());

/** The names of all properties in a JSON Schema. */
function keysIn(schema: unknown): ReadonlySet<string> {
  if (typeof schema !== "object" || schema === null) return new Set();
  const { properties, ...rest } = Properties.parse({ ...schema });
  const own = properties === undefined ? {} : Properties.parse(properties);
  const inner = [...Object.values(rest), ...Object.values(own)].flatMap((value) => [...keysIn(value)]);
  return new Set([...Object.keys(own), ...inner]);
}
