import { parsePolicy } from "../../src/policy/language/load.ts";
import { joinTexts, splitText } from "../../src/policy/language/policy-text.ts";
import { providerTypes, smallPolicy } from "./policies.ts";

const [head = "", rules = ""] = smallPolicy.split(/(?=^rules:)/mu);

test.each([
  ["one file", [{ name: "hallpass.yml", text: smallPolicy }]],
  [
    "several",
    [
      { name: "a.yml", text: head },
      { name: "b.yml", text: rules },
    ],
  ],
  [
    "a last line without an end",
    [
      { name: "a.yml", text: head.trimEnd() },
      { name: "b.yml", text: rules.trimEnd() },
    ],
  ],
  [
    "one that begins as a document",
    [
      { name: "a.yml", text: `---\n${head}` },
      { name: "b.yml", text: rules },
    ],
  ],
  [
    "one that begins as if it were two",
    [
      { name: "a.yml", text: `---\n# file: z.yml\n${head}` },
      { name: "b.yml", text: rules },
    ],
  ],
  [
    "one alone that begins as if it were joined",
    [{ name: "hallpass.yml", text: `---\n# file: z.yml\n${smallPolicy}` }],
  ],
])("a stored policy is read back as it was, under the same hash: %s", (_, files) => {
  const stored = joinTexts(files);
  const read = splitText(stored, "hallpass.yml");
  expect(read.map(({ name }) => name)).toEqual(files.map(({ name }) => name));
  const [before, after] = [files, read].map((texts) => parsePolicy(texts, { providerTypes }));
  if (before?.ok !== true || after?.ok !== true) throw new Error("both are valid");
  expect(after.policy).toMatchObject({ hash: before.policy.hash, text: stored });
  expect(after.policy.rules).toHaveLength(before.policy.rules.length);
});
