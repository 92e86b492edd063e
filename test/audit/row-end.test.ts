import { createRowEnds } from "../../src/audit/export/row-end.ts";

/** A row of CSV as PostgreSQL writes it. */
function csvRow(seq: number, rule: string, data: string): string {
  const cell = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return `${seq},2026-03-03T10:00:00.120Z,t,,,,hallpass,,,,,${cell(rule)},,${cell(data)}\n`;
}

const traps = ["r", 'a\n99,2026,t,{}\nb"', 'x}"\n77,"', '}\n"', "\n\n", '{"a"}\n}"', ""];
const datas = ["{}", '{"reason":"\\n, \\"q\\""}', "{}", "{}"];
const rows = Array.from({ length: 28 }, (_, n) =>
  csvRow(n + 1, traps[n % traps.length]!, datas[Math.floor(n / 2) % datas.length]!),
);
const csv = `seq,at,type\n${rows.join("")}`;
/** The number of the row that ends before a place. */
const endsBefore = new Map<number, number>();
let length = "seq,at,type\n".length;
for (const [index, row] of rows.entries()) endsBefore.set((length += row.length), index + 1);
const breaks = [...csv.matchAll(/\n/g)].map(({ index }) => index + 1);

test.each([1, 2, 3, 5, 8, 13, 100])(
  "the end of a row of CSV is told from a line break in a cell, %i lines at a time",
  (linesAtOnce) => {
    const rowEnds = createRowEnds("csv");
    let told = 0;
    let from = 0;
    const ends = breaks.filter((_, index) => (index + 1) % linesAtOnce === 0 || index + 1 === breaks.length);
    for (const end of ends) {
      rowEnds.follow(csv.slice(from, end));
      from = end;
      const row = rowEnds.lastRow();
      if (row !== undefined) told += 1;
      expect([end, row ?? endsBefore.get(end)]).toEqual([end, endsBefore.get(end)]);
    }
    expect(told).toBeGreaterThan(0);
  },
);

test("rows that hold nothing but {} are told too, and the header is no row", () => {
  const rowEnds = createRowEnds("csv");
  rowEnds.follow("seq,at,type\n");
  expect(rowEnds.lastRow()).toBeUndefined();
  rowEnds.follow(csvRow(1, "r", "{}"));
  rowEnds.follow(csvRow(2, "r", "{}") + csvRow(3, "r", "{}"));
  expect(rowEnds.lastRow()).toBe(3);
});

test.each(["jsonl", "json"] as const)("each line of %s is a row", (format) => {
  const rowEnds = createRowEnds(format);
  rowEnds.follow('{"seq":6,"data":{"seq":1}}\n{"seq":7,"data":{}}\n');
  expect(rowEnds.lastRow()).toBe(7);
});
