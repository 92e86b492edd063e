import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { providerDefinitions } from "../../../src/providers/registry.ts";
import { rules } from "./rules.ts";

test("each rule has a name of its own", () => {
  const names = rules.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  // The list is what somebody who writes a provider wants to read.
  process.stdout.write(`\nWhat every provider owes:\n${names.map((name) => `  - ${name}\n`).join("")}\n`);
});

test.each(providerDefinitions.map(({ type }) => type))("the contract is put to %s", async (type) => {
  const path = fileURLToPath(new URL(`../${type}/contract.test.ts`, import.meta.url));
  expect([type, existsSync(path)]).toEqual([type, true]);
  expect(await readFile(path, "utf8")).toMatch(
    new RegExp(`from "../../../src/providers/${type}/index.ts";[^]*describeContract\\(`, "u"),
  );
});
