import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** A fenced block of a page, and what stands above it. */
export type Block = {
  readonly language: string;
  readonly text: string;
  /** The nearest heading above it. */
  readonly heading: string;
  /** Where its text begins; lines count from 1. */
  readonly line: number;
};

/** A page of `docs`. */
export function readPage(name: string): Promise<string> {
  return readFile(fileURLToPath(new URL(`../../docs/${name}`, import.meta.url)), "utf8");
}

/** The fenced blocks of a page, in order. */
export function blocksOf(page: string): readonly Block[] {
  const blocks: Block[] = [];
  let heading = "";
  let open: { readonly language: string; readonly line: number; readonly lines: string[] } | undefined;
  for (const [index, line] of page.split("\n").entries()) {
    const [, language] = /^```(\w*)$/u.exec(line) ?? [];
    if (open && language === "") {
      blocks.push({ language: open.language, text: `${open.lines.join("\n")}\n`, heading, line: open.line });
      open = undefined;
    } else if (open) open.lines.push(line);
    else if (language !== undefined) open = { language, line: index + 2, lines: [] };
    else heading = /^#+ (.*)$/u.exec(line)?.[1] ?? heading;
  }
  return blocks;
}

/** Text as it is typed. */
export function code(text: string): string {
  return `\`${text}\``;
}

/** A table, as Prettier aligns it. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((cell, column) =>
    Math.max(3, cell.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[], fill = " "): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0, fill)).join(" | ")} |`;
  return [
    line(head),
    line(
      head.map(() => ""),
      "-",
    ),
    ...rows.map((row) => line(row)),
  ].join("\n");
}
