import { z } from "zod";
import { wordFault } from "../../src/policy/language/fault.ts";
import { inputFaults, inputFor } from "../../src/policy/decide/input.ts";
import { parsePolicy } from "../../src/policy/language/load.ts";
import type { Policy } from "../../src/policy/policy.ts";
import type { ProviderTypes } from "../../src/policy/language/provider-check.ts";

const Names = z.strictObject({ fields: z.string() });
const providerTypes: ProviderTypes = {
  asking: {
    title: "asks for what its options say",
    options: Names,
    target: z.strictObject({ role: z.string() }),
    subject: z.string(),
    input: (options) =>
      z.strictObject(
        Object.fromEntries(
          Names.parse(options)
            .fields.split(" ")
            .map((name) => [name, z.string().max(1_900).meta({ title: name.toUpperCase() })]),
        ),
      ),
  },
};

function read(one: string, other: string): ReturnType<typeof parsePolicy> {
  const text = `version: 1
settings: { channel: "#access" }
providers: { one: { type: asking, fields: ${one} }, other: { type: asking, fields: ${other} } }
resources:
  first: { provider: one, roles: { all: { grant: { role: a } }, more: { grant: { role: b } } } }
  second: { provider: other, roles: { all: { grant: { role: a } } } }
  whole: { roles: { both: { bundle: ["first:all", "first:more", "second:all"] } } }
`;
  return parsePolicy([{ name: "p.yml", text }], { providerTypes });
}

function policyOf(one: string, other: string): Policy {
  const loaded = read(one, other);
  if (!loaded.ok) throw new Error(loaded.faults.map(wordFault).join("\n"));
  return loaded.policy;
}

const names = (count: number): string => Array.from({ length: count }, (_, index) => `f${index}`).join(" ");

test("a role whose providers ask for more than ten fields together is a fault, where it stands", () => {
  expect(read(names(5), names(5)).ok).toBe(true);
  const loaded = read(names(6), names(5));
  expect(loaded.ok ? [] : loaded.faults.map(wordFault)).toEqual([
    "p.yml:7:37: expected providers that ask for at most 10 fields together, got 11",
  ]);
});

test("a provider's fields are asked for once, and what was typed is bound to it", () => {
  const policy = policyOf("key", "key");
  const grants = policy.resources.get("whole")?.roles.get("both")?.grants ?? [];
  expect(inputFaults(policy, grants, { one: { key: "a" } })).toEqual([
    { kind: "input_unfit", provider: "other", field: "key", title: "KEY" },
  ]);
  const typed = { one: { key: " a " }, other: { key: "b" } };
  expect(inputFaults(policy, grants, typed)).toEqual([]);
  expect(inputFor(policy, "one", typed)).toEqual([{ name: "key", title: "KEY", value: "a" }]);
  expect(inputFor(policy, "other", typed)).toEqual([{ name: "key", title: "KEY", value: "b" }]);
});

test.each(["__proto__", "constructor", "toString", "zzz"])(
  "what was typed for %s, which nobody asks for, is nothing",
  (name) => {
    const policy = policyOf("key", "key");
    const grants = policy.resources.get("first")?.roles.get("all")?.grants ?? [];
    const typed = JSON.parse(`{"one":{"key":"a","${name}":"x"},"${name}":{"key":"y"}}`);
    expect(inputFaults(policy, grants, typed)).toEqual([]);
    expect(inputFor(policy, "one", typed)).toEqual([{ name: "key", title: "KEY", value: "a" }]);
  },
);

test("all that is typed for a request has to fit on one message", () => {
  const policy = policyOf("key", "key");
  const grants = policy.resources.get("whole")?.roles.get("both")?.grants ?? [];
  const half = "x".repeat(1_000);
  expect(inputFaults(policy, grants, { one: { key: half }, other: { key: half } })).toEqual([]);
  expect(inputFaults(policy, grants, { one: { key: half }, other: { key: `${half}x` } })).toMatchObject([
    { provider: "other", field: "key", why: "all fields together may have 2000 characters, and have 2001" },
  ]);
});

test.each([
  ["nothing", ""],
  ["spaces", "  "],
  ["what nobody sees", "\u200b\u2800"],
])("%s is nothing typed", (_, value) => {
  const policy = policyOf("key", "key");
  const grants = policy.resources.get("first")?.roles.get("all")?.grants ?? [];
  expect(inputFaults(policy, grants, { one: { key: value } })).toEqual([
    { kind: "input_unfit", provider: "one", field: "key", title: "KEY" },
  ]);
});

test.each([
  ["two lines", "a\nb"],
  ["a zero-width space", "a\u200bb"],
  ["a turn of direction", "a\u202Eb"],
  ["a tab", "a\tb"],
  ["half a character", "a\ud800b"],
])("%s are not what approvers would read", (_, value) => {
  const policy = policyOf("key", "key");
  const grants = policy.resources.get("first")?.roles.get("all")?.grants ?? [];
  expect(inputFaults(policy, grants, { one: { key: value } })).toMatchObject([
    { why: "expected one line, with nothing invisible in it" },
  ]);
});
