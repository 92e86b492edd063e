import * as fc from "fast-check";
import { child, placeWithin, textOf, type SourceNode } from "../../src/policy/language/source.ts";
import { readSource } from "../../src/policy/language/yaml-source.ts";

function read(text: string): SourceNode {
  const source = readSource("hallpass.yml", text);
  if (!source.ok) throw new Error(source.faults.map(({ message }) => message).join("\n"));
  const node = child(source.root, "when");
  if (!node) throw new Error("The file has no key `when`");
  return node;
}

/** `line:column` of the first character of what is looked for in the value of `when:`. */
function placeOf(sought: string, text: string): string {
  const node = read(text);
  const offset = (textOf(node) ?? "").indexOf(sought);
  if (offset < 0) throw new Error(`The value does not hold ${sought}: ${textOf(node)}`);
  const { line, column } = placeWithin(node, offset);
  return `${line}:${column}`;
}

describe("a character of a value is found in the file", () => {
  test.each([
    ["plain", "when: request.tikcet == x\n", "tikcet", "1:15"],
    ["plain, with more white space", "when:    a    +  b\n", "b", "1:18"],
    ["plain, in a flow map", "{ x: 1, when: a + b }\n", "b", "1:19"],
    ["plain, on several lines", "when: a\n  && b\n  && c\n", "c", "3:6"],
    ["single quotes", "when: 'a + b'\n", "b", "1:12"],
    ["single quotes with quotes in them", "when: 'a == ''x'' + b'\n", "b", "1:21"],
    ["single quotes on several lines", "when: 'a\n\n  + b'\n", "b", "3:5"],
    ["double quotes", 'when: "a + b"\n', "b", "1:12"],
    ["double quotes with escapes", String.raw`when: "\"a\x41\u0041\U0001F600\t\\ + b"` + "\n", "b", "1:38"],
    ["double quotes with a broken line", 'when: "a + \\\n  b"\n', "b", "2:3"],
    ["double quotes with an escaped space", String.raw`when: "a\ \ b"` + "\n", "b", "1:13"],
    ["literal", "when: |\n  a\n    + b\n\n  + c\n", "c", "5:5"],
    ["literal with a header and a comment", "when: |2- # why\n  a\n  + b\n", "b", "3:5"],
    ["folded", "when: >-\n  a\n  + b\n\n  + c\n", "c", "5:5"],
    ["folded, indented more", "when: >\n  a\n    * b\n  + c\n", "b", "3:7"],
    ["with an anchor", "when: &x a + b\n", "b", "1:14"],
    ["with CRLF", "when: |\r\n  a\r\n  + b\r\n", "b", "3:5"],
    ["after an emoji", "when: '😀 b'\n", "b", "1:11"],
  ])("%s", (_title, text, sought, place) => {
    expect(placeOf(sought, text)).toBe(place);
  });
});

test("white space of a literal is on its line", () => {
  const node = read("when: |\n  a\n  b\nx: 1\n");
  expect([0, 1, 2, 3, 4, 99].map((offset) => placeWithin(node, offset).line)).toEqual([2, 2, 3, 3, 3, 3]);
});

test("an alias stands where its text is written", () => {
  const source = readSource("hallpass.yml", "a: &a x + y\nwhen: *a\n");
  const node = source.ok ? child(source.root, "when") : undefined;
  expect(node && placeWithin(node, 4)).toEqual({ file: "hallpass.yml", line: 1, column: 11 });
});

test("what is no text stands where it stands", () => {
  expect(placeWithin(read("when: 42\n"), 1)).toEqual({ file: "hallpass.yml", line: 1, column: 7 });
  expect(placeWithin(read("when: [a]\n"), 1)).toEqual({ file: "hallpass.yml", line: 1, column: 7 });
  expect(placeWithin(read("when:\n"), 1)).toMatchObject({ line: 1 });
});

const words = fc
  .array(fc.constantFrom("a", "b'c", '"', "\\", "é", "😀", "==", "  ", "\n", "\n\n", "\t", "d e", "x1"), {
    maxLength: 12,
  })
  .map((parts) => parts.join(" "));
const written = fc.constantFrom<(value: string) => string>(
  (value) => `when: ${JSON.stringify(value)}\n`,
  (value) => `when: '${value.replaceAll("'", "''").replaceAll("\n", "\n\n  ")}'\nend: 1\n`,
  (value) => `when: |2+ # comment\n${value.replace(/^/gmu, "    ")}\nend: 1\n`,
  (value) => `when: >2-\n${value.replace(/^/gmu, "    ")}\nend: 1\n`,
);

test("each black character of a value is at its place, and none is outside the text", () => {
  fc.assert(
    fc.property(words, written, (value, write) => {
      const text = write(value);
      const node = read(text);
      const lines = text.split("\n");
      const came = textOf(node) ?? "";
      for (let offset = -1; offset <= came.length + 2; offset++) {
        const { line, column } = placeWithin(node, offset);
        expect(line * 1000 + column).toBeGreaterThanOrEqual(node.at.line * 1000 + node.at.column);
        expect(lines[line - 1]).not.toMatch(/^end:/u);
        const black = came[offset];
        if (black === undefined || /\s/u.test(black)) continue;
        // In double quotes a character may be written as an escape.
        const there = lines[line - 1]?.slice(column - 1) ?? "";
        expect(there.startsWith(black) || there.startsWith("\\")).toBe(true);
      }
    }),
  );
});
