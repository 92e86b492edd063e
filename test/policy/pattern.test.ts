import * as fc from "fast-check";
import { compilePattern, type Pattern } from "../../src/pattern.ts";

function patternOf(text: string): Pattern {
  const compiled = compilePattern(text);
  if (!compiled.ok) throw new Error(compiled.why);
  return compiled.pattern;
}

test.each([
  ["^INC-[0-9]+$", "INC-42", true],
  ["^INC-[0-9]+$", "see INC-42", false],
  ["INC-[0-9]+", "see INC-42 for it", true],
  // RE2's $ is the end of the text alone, JavaScript's as well; Perl's also stands before a last line break.
  ["^INC-[0-9]+$", "INC-42\n", false],
  ["(?m)^INC-[0-9]+$", "see\nINC-42\nagain", true],
  ["(?i)inc", "INC-42", true],
  ["^.$", "😀", true],
  [String.raw`^\pL+$`, "Zoë", true],
  [String.raw`\bfix\b`, "a fix for it", true],
  ["", "", true],
])("%j on %j: %s", (text, value, matches) => {
  expect(patternOf(text).matches(value)).toBe(matches);
});

test("a pattern keeps its text", () => {
  expect(patternOf("a+b").text).toBe("a+b");
});

test.each([
  ["[", `expected a pattern in RE2's syntax, got "[": missing closing ]`],
  ["a**", `expected a pattern in RE2's syntax, got "a**": invalid nested repetition operator`],
  [String.raw`(a)\1`, String.raw`expected a pattern in RE2's syntax, got "(a)\\1": invalid escape sequence`],
  [
    "(?=a)",
    `expected a pattern in RE2's syntax, got "(?=a)": invalid or unsupported Perl syntax; it looks neither ahead nor behind`,
  ],
  [
    "(?<!a)b",
    `expected a pattern in RE2's syntax, got "(?<!a)b": invalid named capture; it looks neither ahead nor behind`,
  ],
  ["((a{1,1000}){1,1000})", "expected a simpler pattern, got one that repeats too much"],
  [String.raw`(?i)\pL{0,1000}x`, "expected a simpler pattern, got one that repeats too much"],
  ["a".repeat(1001), "expected a pattern of at most 1000 characters, got a longer one"],
])("%.30s is refused", (text, why) => {
  expect(compilePattern(text)).toEqual({ ok: false, why });
});

test("what makes a backtracking engine run for years takes no time", () => {
  expect(patternOf("^(a+)+$").matches(`${"a".repeat(50_000)}b`)).toBe(false);
  expect(patternOf("^(([a-z])+.)+[A-Z]([a-z])+$").matches("a".repeat(50_000))).toBe(false);
});

test("it agrees with JavaScript where the dialects are the same", () => {
  const piece = fc.constantFrom(
    "a",
    "b",
    "ab",
    ".",
    "[ab]",
    "[^a]",
    "(a|b)",
    "^",
    "$",
    "a*",
    "b+",
    "(ab)?",
    "c{2}",
  );
  const text = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(""));
  fc.assert(
    fc.property(
      text,
      fc.string({ unit: fc.constantFrom("a", "b", "c", "\n"), maxLength: 12 }),
      (written, value) => {
        expect(patternOf(written).matches(value)).toBe(new RegExp(written, "u").test(value));
      },
    ),
  );
});

test("no text makes it throw, and a reason is one line", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 1100 }),
    fc.stringMatching(/^[-ab()[\]{}|*+?.^$\\,0-9:<=!PpQEk]{0,60}$/),
  );
  fc.assert(
    fc.property(text, fc.string({ unit: "binary", maxLength: 50 }), (written, value) => {
      const compiled = compilePattern(written);
      return compiled.ok
        ? typeof compiled.pattern.matches(value) === "boolean"
        : /^expected [^\n]+$/u.test(compiled.why);
    }),
  );
});
