import { splitCsv } from "../../playground/page/store/csv.ts";

describe("CSV, for looking at", () => {
  it.each([
    ["", []],
    [
      "a,b\n1,2\n",
      [
        ["a", "b"],
        ["1", "2"],
      ],
    ],
    [
      "a,b\r\n1,2",
      [
        ["a", "b"],
        ["1", "2"],
      ],
    ],
    ['"a,1","say ""hi""","two\nlines"', [["a,1", 'say "hi"', "two\nlines"]]],
    [
      "a,\n,b\n",
      [
        ["a", ""],
        ["", "b"],
      ],
    ],
    ["a,", [["a", ""]]],
    ["a\n\nb\n", [["a"], [""], ["b"]]],
    ["'=1+1\n", [["'=1+1"]]],
  ])("splits %j", (text, rows) => {
    expect(splitCsv(text)).toEqual(rows);
  });

  it("shows what is no CSV as it is, a line a row", () => {
    expect(splitCsv('a "b" c\nd')).toEqual([['a "b" c'], ["d"]]);
  });
});
