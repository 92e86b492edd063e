import type { Figures } from "./figures.ts";
import { sectionsOf } from "./sections.ts";
import { controlsOf } from "./standards.ts";

/** Writes the figures as lines of `section,metric,value`; no cell can be taken for a formula. */
export function csvOf(figures: Figures): string {
  const { period } = figures;
  const rows: (readonly (string | number)[])[] = [
    ["section", "metric", "value"],
    ["report", "period", period.name],
    ["report", "first day", period.firstDay],
    ["report", "last day", period.lastDay],
    ["report", "time zone", period.timeZone],
    ["report", "made at", figures.madeAt.toISOString()],
    ["time-to-approve", "median seconds", figures.waits.medianSeconds ?? ""],
    ["time-to-approve", "p95 seconds", figures.waits.p95Seconds ?? ""],
  ];
  for (const { id, tables } of sectionsOf(figures))
    for (const { caption, head, rows: lines } of tables)
      for (const [first = "", ...cells] of lines)
        for (const [index, cell] of cells.entries())
          rows.push([id, `${caption} / ${first} / ${head[index + 1] ?? ""}`, cell]);
  for (const { standard, control, shows, query } of controlsOf(figures)) {
    rows.push(["standards", `${standard} ${control} / shows`, shows]);
    rows.push(["standards", `${standard} ${control} / query`, query]);
  }
  return rows.map((row) => `${row.map(writeCell).join(",")}\n`).join("");
}

/** Where spreadsheets see the start of a formula; where `;` separates cells (Excel in much of Europe), after one too. */
const formula = /^(?=[=+\-@＝＋－＠])|(?<=;)(?=\s*[=+\-@＝＋－＠])/g;

function writeCell(cell: string | number): string {
  if (typeof cell === "number") return String(cell);
  // Control characters, which could break lines or separate cells, become a space.
  const text = cell
    .replaceAll(/\p{Cc}+/gu, " ")
    .trimStart()
    .replaceAll(formula, "'");
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
