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
