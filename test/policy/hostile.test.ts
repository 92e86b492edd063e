import { changed, faultsOf, policyOf, smallPolicy } from "./policies.ts";

const start = "hallpass.yml:1:1:";
const nested = (levels: number) => `a: ${"[".repeat(levels - 1)}1${"]".repeat(levels - 1)}\n`;
const aliases = (count: number) => `a: &a x\nb: [${Array(count).fill("*a").join(", ")}]\n`;

describe("a hostile or broken file is refused in a line", () => {
  const cases: readonly [title: string, text: string, faults: readonly string[]][] = [
    ["empty", "", [`${start} expected a policy, got an empty file`]],
    ["only a comment", "# nothing\n", [`${start} expected a policy, got an empty file`]],
    [
      "only a marker",
      "---\n",
      ["hallpass.yml:1:4: expected a map with version, settings, rules and so on, got something else"],
    ],
    [
      "a list",
      "- 1\n",
      [`${start} expected a map with version, settings, rules and so on, got something else`],
    ],
    [
      "a text",
      "hello\n",
      [`${start} expected a map with version, settings, rules and so on, got something else`],
    ],
    [
      "larger than 1 MiB",
      `# ${"x".repeat(1024 * 1024)}`,
      [`${start} expected at most 1 MiB, got a larger file`],
    ],
    ["two documents", "a: 1\n---\nb: 2\n", ["hallpass.yml:2:1: expected one YAML document, got another one"]],
    ["duplicate key", "a: 1\nb: 2\na: 3\n", ['hallpass.yml:3:1: duplicate key "a", first written on line 1']],
    ["__proto__", "a:\n  __proto__: { admin: true }\n", ['hallpass.yml:2:3: "__proto__" cannot be a key']],
    ["constructor", "constructor: 1\n", ['hallpass.yml:1:1: "constructor" cannot be a key']],
    ["prototype", "a: { prototype: 1 }\n", ['hallpass.yml:1:6: "prototype" cannot be a key']],
    [
      "a number for a key",
      "a: { 1: x }\n",
      ["hallpass.yml:1:6: expected a key that is text, got something else; put it in quotes"],
    ],
    [
      "a list for a key",
      "? [a]\n: 1\n",
      ["hallpass.yml:1:3: expected a key that is text, got something else; put it in quotes"],
    ],
    ["a NUL in a text", 'a: "x\\0y"\n', ["hallpass.yml:1:4: expected text, got a control character"]],
    ["a line break in a key", '"a\\nb": 1\n', ["hallpass.yml:1:1: expected a key, got a control character"]],
    [
      "an unknown alias",
      "a: *nobody\n",
      ['hallpass.yml:1:4: unknown alias "nobody": its anchor has to stand before it'],
    ],
    [
      "something that contains itself",
      "a: &a [*a]\n",
      ['hallpass.yml:1:8: unknown alias "a": its anchor has to stand before it'],
    ],
    [
      "a tag",
      "a: !!js/function x\n",
      ["hallpass.yml:1:4: expected valid YAML, got an error: Unresolved tag: tag:yaml.org,2002:js/function"],
    ],
    [
      "broken quotes",
      'a: "x\n',
      ['hallpass.yml:2:1: expected valid YAML, got an error: Missing closing "quote'],
    ],
    [
      "a tab for indentation",
      "a:\n\tb: 1\n",
      ["hallpass.yml:2:1: expected valid YAML, got an error: Tabs are not allowed as indentation"],
    ],
  ];
  test.each(cases)("%s", (_title, text, faults) => {
    expect(faultsOf(text)).toEqual(faults);
  });

  test.each([
    ["flow lists", "[".repeat(100_000), 65],
    ["flow maps", "{a: ".repeat(100_000), 257],
    ["block lists", "- ".repeat(100_000), 129],
    ["complex keys", "? ".repeat(100_000), 129],
  ])("a hundred thousand nested %s are refused before anything recurses", (_title, text, about) => {
    const [fault, ...others] = faultsOf(text);
    expect(others).toEqual([]);
    const [, line, column, ...words] = (fault ?? "").split(":");
    expect(line).toBe("1");
    expect(Math.abs(Number(column) - about)).toBeLessThan(10);
    expect(words.join(":")).toBe(" expected at most 64 levels of nesting, got more");
  });

  test("64 levels are read, 66 are not", () => {
    expect(faultsOf(nested(64)).join()).toContain('unknown key "a"');
    expect(faultsOf(nested(66)).join()).toContain("levels of nesting");
  });

  test("nested aliases do not unfold", () => {
    const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"];
    for (let level = 1; level < 10; level++)
      lines.push(
        `a${level}: &a${level} [${Array(9)
          .fill(`*a${level - 1}`)
          .join(", ")}]`,
      );
    const faults = faultsOf(lines.join("\n"));
    expect(faults[0]).toMatch(
      /^hallpass\.yml:5:\d+: expected aliases for at most 10000 values, got more: use a group$/,
    );
  });

  test("more than a hundred aliases are refused", () => {
    expect(faultsOf(aliases(100)).join()).not.toContain("aliases");
    expect(faultsOf(aliases(101))).toEqual(["hallpass.yml:2:405: expected at most 100 aliases, got more"]);
  });

  test("a megabyte of keys is refused within seconds", () => {
    const started = performance.now();
    const keys = Array.from({ length: 60_000 }, (_, index) => `key-${index}: 1\n`).join("");
    expect(faultsOf(keys).length).toBeGreaterThan(60_000);
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  test("no file at all", () => {
    expect(faultsOf({})).toEqual(["policy:1:1: expected a policy file, got none"]);
  });
});

test("what came is quoted on one line, cut short, and without invisible characters", () => {
  const fault = faultsOf(changed("risk: high", `risk: "a\\n\u202Eb${"c".repeat(500)}"`)).join();
  expect(fault).toMatch(/got "a\\n�bc{76}…"$/);
});

test("an alias within reason stands for what it names", () => {
  const text = smallPolicy
    .replace("[group:engineers]", "&them [group:engineers]")
    .replace(
      'requesters: [group:engineers]\n    access: ["orders:write"]',
      'requesters: *them\n    access: ["orders:write"]',
    );
  expect(policyOf(text).rules[1]?.requesters).toEqual(["group:engineers"]);
});

test("YAML 1.1's surprises stay off, whatever the file asks for", () => {
  expect(faultsOf(`%YAML 1.1\n---\n${changed("name: reading", "name: no")}`)).toEqual([]);
});

test("a merge key is a key like another: unknown", () => {
  const faults = faultsOf(
    changed("{ members: [dana@example.com] }", "{ <<: {}, members: [dana@example.com] }"),
  );
  expect(faults).toEqual(['hallpass.yml:10:15: unknown key "<<". Allowed here: members']);
});
