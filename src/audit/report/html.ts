import { drawChart } from "./charts.ts";
import type { Figures } from "./figures.ts";
import { type Markup, markup } from "./markup.ts";
import type { Cell, Section, Table } from "./section.ts";
import { sectionsOf } from "./sections.ts";
import { controlsOf, exportCommand } from "./standards.ts";
import { style } from "./style.ts";
import { concerns, headlines } from "./summary.ts";
import { wordTime } from "./table-words.ts";

/** Writes the report as a single HTML file: nothing in it runs, and nothing is fetched. */
export function htmlOf(figures: Figures): string {
  const { period } = figures;
  const sections = sectionsOf(figures);
  const page = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>Access report ${period.name}</title>
<style>${{ written: style }}</style>
</head>
<body>
<header>
<h1>Access report ${period.name}</h1>
<p class="made">${period.firstDay} to ${period.lastDay}, both days whole. ${figures.zoneNote} Made by Hallpass on ${wordTime(figures.madeAt, period.timeZone)}.</p>
<ul class="headlines">
${headlines(figures).map(
  ({ label, value, section }) =>
    markup`<li><a href="#${section}"><strong>${value}</strong><span>${label}</span></a></li>`,
)}
</ul>
${writeConcerns(figures)}
<nav aria-label="Sections"><ul>
${[...sections, { id: "standards", title: "Standards" }].map(({ id, title }) => markup`<li><a href="#${id}">${title}</a></li>`)}
</ul></nav>
</header>
<main>
${sections.map(writeSection)}
${writeStandards(figures)}
</main>
<footer><p>Counted from the audit of Hallpass. All events of the period: ${writeQuery(exportCommand(period))}</p></footer>
</body>
</html>
`;
  return page.written;
}

function writeConcerns(figures: Figures): Markup {
  const all = concerns(figures);
  if (all.length === 0)
    return markup`<div class="concerns none"><h2>To look at</h2><p>Nothing stands out.</p></div>`;
  return markup`<div class="concerns"><h2>To look at</h2><ul>
${all.map(({ text, section }) => markup`<li><a href="#${section}">${text}</a></li>`)}
</ul></div>`;
}

function writeSection({ id, title, lead, charts, tables }: Section): Markup {
  return markup`<section id="${id}" aria-labelledby="${id}-heading">
<h2 id="${id}-heading">${title}</h2>
<p>${lead}</p>
${charts.map(drawChart)}
${tables.map(writeTable)}
</section>`;
}

function writeTable({ caption, head, rows, note }: Table): Markup {
  // A heading is aligned like the numbers below it.
  const isNumeric = (column: number): boolean =>
    rows.length > 0 && rows.every((row) => isNumber(row[column] ?? ""));
  return markup`<div class="scroll" role="region" aria-label="${caption}" tabindex="0">
<table>
<caption>${caption}</caption>
<thead><tr>${head.map((name, column) => markup`<th scope="col"${classOf(isNumeric(column))}>${name}</th>`)}</tr></thead>
<tbody>
${rows.length === 0 ? markup`<tr><td class="nothing" colspan="${head.length}">none</td></tr>` : rows.map((row) => writeRow(row, isNumeric))}
</tbody>
</table>
${note === undefined ? markup`` : markup`<p class="note">${note}</p>`}
</div>`;
}

function writeRow([first = "", ...cells]: readonly Cell[], isNumeric: (column: number) => boolean): Markup {
  return markup`<tr><th scope="row">${writeCell(first)}</th>${cells.map((cell, index) => markup`<td${isLong(cell) ? markup` class="long"` : classOf(isNumeric(index + 1))}>${writeCell(cell)}</td>`)}</tr>`;
}

/** Shares are aligned like counts. */
function isNumber(cell: Cell): boolean {
  return typeof cell === "number" || /^(?:\d+ %|–)$/.test(cell);
}

/** A long text may be one endless word. */
function isLong(cell: Cell): boolean {
  return typeof cell === "string" && cell.length > 50;
}

function classOf(isRight: boolean): Markup {
  return isRight ? markup` class="number"` : markup``;
}

/** `bdi`: a right-to-left name does not reorder the text around it. */
function writeCell(cell: Cell): Markup {
  return typeof cell === "number" ? markup`${cell.toLocaleString("en")}` : markup`<bdi>${cell}</bdi>`;
}

function writeStandards(figures: Figures): Markup {
  return markup`<section id="standards" aria-labelledby="standards-heading">
<h2 id="standards-heading">Standards</h2>
<p>What of this report bears on which control, and how to see it for yourself. It is evidence, not certification: whether a control is met
is for your auditor to judge, who will look at more than access in Hallpass.</p>
<div class="scroll standards" role="region" aria-label="Evidence by control" tabindex="0">
<table>
<caption>Evidence by control</caption>
<thead><tr><th scope="col">Control</th><th scope="col">Asks for</th><th scope="col">This period</th><th scope="col">See for yourself</th></tr></thead>
<tbody>
${controlsOf(figures).map(
  ({ standard, control, asks, shows, section, query }) =>
    markup`<tr><th scope="row">${standard}<br>${control}</th><td>${asks}</td><td>${shows}${section === undefined ? markup`` : markup` (<a href="#${section}">${section}</a>)`}</td><td>${query === "none" ? markup`–` : writeQuery(query)}</td></tr>`,
)}
</tbody>
</table>
</div>
</section>`;
}

/** Lines may break between words, but not within an option or a time. */
function writeQuery(query: string): Markup {
  return markup`<code>${query.split(" ").map((word) => markup`<span>${word}</span>`)}</code>`;
}
