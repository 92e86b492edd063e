import { wordFault } from "../../src/policy/language/fault.ts";
import { parsePolicy } from "../../src/policy/language/load.ts";
import { readTests } from "../../src/policy/testing/test-file.ts";
import { runPolicyTests } from "../../src/policy/testing/test-run.ts";
import { providerTypes } from "../../src/providers/registry.ts";
import { type Block, blocksOf, readPage } from "./markdown.ts";

const [shared, ...blocks] = blocksOf(await readPage("policies.md")).filter(
  ({ language }) => language === "yaml",
);
const headings = [...new Set(blocks.map(({ heading }) => heading))];
const recipes = headings.map((name) => [name, blocks.filter(({ heading }) => heading === name)] as const);

/** What the shared part holds for other recipes. */
const ofOthers: ReadonlySet<string> = new Set(["ungiven-role", "unused-group", "unused-provider"]);

function file(name: string, { text }: Block) {
  return { name, text };
}

test("there are as many policies as people ask for", () => {
  expect(recipes.length).toBeGreaterThanOrEqual(14);
});

describe.each(recipes)("%s", (_, [rules, tests, ...more]) => {
  if (!shared || !rules || !tests) throw new Error("expected rules, and tests below them");
  const parsed = parsePolicy([file("shared.yml", shared), file("recipe.yml", rules)], { providerTypes });
  const faults = parsed.ok ? [] : parsed.faults.map(wordFault);

  test("is a policy that means what it says", () => {
    expect([faults, more]).toEqual([[], []]);
    const warnings = parsed.ok ? parsed.warnings() : [];
    expect(warnings.filter(({ kind }) => !ofOthers.has(kind)).map(wordFault)).toEqual([]);
  });

  test("answers what its tests expect, and each of its rules decides one of them", () => {
    if (!parsed.ok) throw new Error(faults.join("\n"));
    const read = readTests(parsed.policy, file("hallpass.test.yml", tests));
    if (!read.ok) throw new Error(read.faults.map(wordFault).join("\n"));
    const { results, never } = runPolicyTests(parsed.policy, read.tests);
    const failed = results.filter(({ passed }) => !passed);
    expect(failed.map(({ name, expected, got }) => ({ name, expected, got }))).toEqual([]);
    expect(never).toEqual([]);
  });
});
