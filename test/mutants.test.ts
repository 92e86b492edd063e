import { readFileSync } from "node:fs";
import { mutants } from "./mutants.ts";
import { providerMutants } from "./provider-mutants.ts";

test.each([...mutants, ...providerMutants].map((mutant) => [mutant.without, mutant] as const))(
  "what is taken out to see a test go red still stands where it is looked for, once: %s",
  (_, { file, text, tests }) => {
    expect(readFileSync(new URL(`../${file}`, import.meta.url), "utf8").split(text)).toHaveLength(2);
    for (const test of tests)
      expect(readFileSync(new URL(`../${test}`, import.meta.url), "utf8")).not.toBe("");
  },
);
