import type { ExportFormat } from "./filters.ts";

/** Always ends a CSV row: inside a cell quotes are doubled, and a line break after a cell ends the row. */
const certainEnd = '}"\n';

const sequenceIn: Readonly<Record<ExportFormat, RegExp>> = {
  csv: /^(\d+),/,
  jsonl: /^\{"seq":(\d+),/,
  json: /^\{"seq":(\d+),/,
};

/** Finds where whole rows end in consecutive lines copied by PostgreSQL: in CSV, a cell may hold line breaks. */
export function createRowEnds(format: ExportFormat): {
  /** Takes the next lines; rarely reads more than their end. */
  readonly follow: (lines: string) => void;
  /** The number of the row that ended with the last lines; `undefined` if none did. */
  readonly lastRow: () => number | undefined;
} {
  let lines = "";
  let beginsWithRow = true;
  let endsWithRow = true;

  /** Where the last row begins; `undefined` if that is uncertain, or no row ends where the lines do. */
  function lastRowAt(): number | undefined {
    if (format !== "csv") return lines.lastIndexOf("\n", lines.length - 2) + 1;
    // Excludes the end of the lines itself.
    const before = lines.length <= certainEnd.length ? -1 : lines.lastIndexOf(certainEnd, lines.length - 4);
    if (before === -1 && !beginsWithRow) return undefined;
    const { lastAt, isWhole } = walk(lines, before === -1 ? 0 : before + certainEnd.length);
    return isWhole ? lastAt : undefined;
  }

  return {
    follow(next) {
      lines = next;
      beginsWithRow = endsWithRow;
      endsWithRow =
        format !== "csv" || lines.endsWith(certainEnd) || (beginsWithRow && walk(lines, 0).isWhole);
    },
    lastRow() {
      const at = endsWithRow ? lastRowAt() : undefined;
      const sequence = at === undefined ? undefined : sequenceIn[format].exec(lines.slice(at, at + 40))?.[1];
      return sequence === undefined ? undefined : Number(sequence);
    },
  };
}

/** Scans CSV from the start of a row. */
function walk(csv: string, from: number): { readonly lastAt: number; readonly isWhole: boolean } {
  let lastAt = from;
  let rowAt = from;
  let isQuoted = false;
  for (let at = from; at < csv.length; at += 1) {
    const character = csv[at];
    if (character === '"') isQuoted = !isQuoted;
    if (character !== "\n" || isQuoted) continue;
    lastAt = rowAt;
    rowAt = at + 1;
  }
  return { lastAt, isWhole: rowAt === csv.length };
}
