import { isBlank, onOneLine, plainWord } from "../../src/domain/text.ts";

/** Each shows nothing, or turns what is beside it. */
const invisible = [
  ...Array.from(
    "\u00AD\u034F\u061C\u115F\u17B4\u180B\u180E\u200B\u200C\u200D\u200E\u200F\u202A\u202E\u2060\u2063\u2066\u2069\u206F\u3164\uFE00\uFE0F\uFEFF\uFFA0\uFFF9\uFFFB",
  ),
  "\u{E0001}",
  "\u{E0041}",
  "\u{E007F}",
  "\u{E0100}",
];

test.each(invisible)("nothing invisible is left of a name: %j", (character) => {
  const name = `${character}Al${character}ice ${character} B.${character}`;
  expect(onOneLine(name)).toBe("Alice B.");
  expect(plainWord(`Al${character}ice`)).toBe("Alice");
  expect(isBlank(character)).toBe(true);
});

test("a name is on one line, and a blank that has a width is a blank", () => {
  expect(onOneLine(" Alice\n\u2028\u2800B.\u3000\t C. ")).toBe("Alice B. C.");
});

test("letters of every script stay as they are", () => {
  for (const name of [
    "Zoë",
    "Zoe\u0308",
    "Łukasz",
    "李小龍",
    "محمد",
    "עדי",
    "О’Нил",
    "Nguyễn",
    "नरेन्द्र",
    "👍🏽",
  ])
    expect(onOneLine(name)).toBe(name);
});
