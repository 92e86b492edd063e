/** The report's style sheet: for screens, dark mode and paper. */
export const style = `
:root { color-scheme: light dark; --paper: #fff; --ink: #1b2430; --muted: #566272; --line: #d9dfe6; --soft: #f4f6f9; --link: #0b57a4;
  --good: #2f855a; --bad: #c53030; --warn: #d99a1c; --calm: #2b6cb0; --faint: #a9b4c0; --strong: #553c9a; --alarm: #fdf3e3; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #12161c; --ink: #e6eaf0; --muted: #a3aebb; --line: #2f3844; --soft: #1a2029; --link: #8ec2ff;
    --good: #57b98a; --bad: #f07575; --warn: #e6b450; --calm: #6aa9e9; --faint: #66727f; --strong: #a78bda; --alarm: #2d2415; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, "Segoe UI", "Helvetica Neue", sans-serif; }
header, main, footer { max-width: 60rem; margin: 0 auto; padding: 0 1.5rem; }
header { padding-top: 3rem; }
h1 { font-size: 2rem; line-height: 1.2; margin: 0 0 .25rem; letter-spacing: -.01em; }
h2 { font-size: 1.3rem; margin: 0 0 .5rem; letter-spacing: -.005em; }
p { margin: 0 0 1rem; max-width: 46rem; }
a { color: var(--link); }
.made, .note, footer, .unit { color: var(--muted); font-size: .875rem; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1rem; list-style: none; padding: 0; margin: 1.5rem 0 0; font-size: .875rem; }
.headlines { display: grid; grid-template-columns: repeat(auto-fit, minmax(11.5rem, 1fr)); gap: .75rem; list-style: none; padding: 0; margin: 1.75rem 0; }
.headlines a { display: block; height: 100%; padding: .9rem 1rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--soft); color: inherit; text-decoration: none; }
.headlines a:hover, .headlines a:focus-visible { border-color: var(--link); }
.headlines strong { display: block; font-size: 1.5rem; line-height: 1.25; font-variant-numeric: tabular-nums; }
.headlines span { color: var(--muted); font-size: .875rem; }
.concerns { border-left: 4px solid var(--warn); background: var(--alarm); padding: .9rem 1.25rem; border-radius: 0 .5rem .5rem 0; }
.concerns.none { border-color: var(--good); background: var(--soft); }
.concerns h2 { font-size: 1rem; margin: 0 0 .25rem; }
.concerns ul { margin: 0; padding-left: 1.1rem; }
.concerns p { margin: 0; }
main > section { padding: 2rem 0 1rem; border-top: 1px solid var(--line); margin-top: 1.5rem; }
figure { margin: 1rem 0 1.5rem; }
figcaption { font-weight: 600; margin-bottom: .25rem; }
figcaption .unit { font-weight: 400; margin-left: .5rem; }
figure > svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--muted); font-size: 12px; font-family: inherit; font-variant-numeric: tabular-nums; }
svg .rule { stroke: var(--line); }
svg rect { stroke: var(--paper); stroke-width: .75; }
.tone-good { fill: var(--good); } .tone-bad { fill: var(--bad); } .tone-warn { fill: var(--warn); }
.tone-calm { fill: var(--calm); } .tone-faint { fill: var(--faint); } .tone-strong { fill: var(--strong); }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; list-style: none; margin: .25rem 0 0; padding: 0 0 0 2.75rem; font-size: .875rem; }
.legend svg { width: .75rem; height: .75rem; margin-right: .4rem; }
.scroll { overflow-x: auto; margin: 0 0 1.5rem; }
table { border-collapse: collapse; min-width: min(100%, 26rem); font-size: .9rem; }
caption { text-align: left; font-weight: 600; padding: .25rem 0 .4rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .9rem .35rem 0; border-bottom: 1px solid var(--line); min-width: 4.5rem; }
td.long { overflow-wrap: anywhere; min-width: 14rem; }
thead th { color: var(--muted); font-weight: 500; font-size: .8125rem; vertical-align: bottom; }
tbody th { font-weight: 500; min-width: 7rem; }
th.number, td.number { padding-left: .5rem; text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.nothing { color: var(--muted); }
code { font: .8125rem/1.45 ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
code span { white-space: nowrap; }
.standards td:last-child { min-width: 14rem; }
footer { padding: 2rem 1.5rem 3rem; }
@media print {
  :root { color-scheme: light; --paper: #fff; --ink: #000; --muted: #444; --line: #bbb; --soft: #fff; --link: #000; --alarm: #fff;
    --good: #2f855a; --bad: #c53030; --warn: #d99a1c; --calm: #2b6cb0; --faint: #a9b4c0; --strong: #553c9a; }
  @page { size: A4; margin: 16mm 14mm; }
  body { font-size: 10pt; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  header, main, footer { max-width: none; padding: 0; }
  nav { display: none; }
  .headlines { grid-template-columns: repeat(4, 1fr); }
  h2, caption, figcaption { break-after: avoid; }
  figure, tr, .headlines li, .concerns { break-inside: avoid; }
  .scroll { overflow: visible; }
  th, td { min-width: 0 !important; padding-right: .5rem; overflow-wrap: anywhere; }
  table { max-width: 100%; font-size: 8.5pt; }
  code { font-size: 7.5pt; }
  code span { white-space: normal; }
  a { text-decoration: none; }
}
`;
