import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const inTree = (file: string): string => fileURLToPath(new URL(`../../${file}`, import.meta.url));
const page = await readFile(inTree("slack-simulator/README.md"), "utf8");
const rows = [
  ...page.matchAll(/^\| (?<habit>[^|]+?) +\| (?<switches>[^|]+?) +\| (?<tests>`test[^|]+?) +\|$/gmu),
];

it.each(
  rows.flatMap(({ groups }) => {
    const switches = [...(groups?.["switches"] ?? "").matchAll(/\.(\w+)/gu)].map(([, name = ""]) => name);
    const tests = [...(groups?.["tests"] ?? "").matchAll(/`([^`]+)`/gu)].map(([, file = ""]) => file);
    return switches.map((name) => [groups?.["habit"] ?? "", name, tests] as const);
  }),
)("Slack %s: %s is used by the tests that are named", async (_, name, tests) => {
  expect(tests.length).toBeGreaterThan(0);
  const texts = await Promise.all(
    tests.map(async (file) => {
      expect(existsSync(inTree(file))).toBe(true);
      return readFile(inTree(file), "utf8");
    }),
  );
  expect(texts.filter((text) => new RegExp(`\\b(?:${name}|raw)\\b`, "u").test(text))).toHaveLength(
    tests.length,
  );
});

it("lists every switch of the fault panel", async () => {
  const source = await readFile(inTree("slack-simulator/faults.ts"), "utf8");
  const panel = source.slice(
    source.indexOf("export interface Faults"),
    source.indexOf("export interface ActiveFaults"),
  );
  const switches = [...panel.matchAll(/^ {2}readonly (\w+):/gmu)].map(([, name = ""]) => name);
  expect(switches.filter((name) => name !== "clear" && !page.includes(`faults.${name}`))).toEqual([]);
});
