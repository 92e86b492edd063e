import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { readPage } from "./markdown.ts";

const rows = (await readPage("reliability.md"))
  .split("\n")
  .filter((line) => line.startsWith("| ") && !line.startsWith("| Fault ") && !line.startsWith("| ---"));

const inTree = (file: string): string => fileURLToPath(new URL(`../../${file}`, import.meta.url));

it("names a test for each fault", () => {
  expect(rows.length).toBeGreaterThan(15);
  expect(rows.filter((row) => !/`test\/[^`]+` “[^”]+”/u.test(row))).toEqual([]);
});

it.each(
  rows.flatMap((row) =>
    [...row.matchAll(/`(test\/[^`]+)`(?: “([^”]+)”)?/gu)].map(([, file, name]) => [file, name]),
  ),
)("%s has a test of the name %s", async (file = "", name = "") => {
  expect(existsSync(inTree(file))).toBe(true);
  const titles = [...(await readFile(inTree(file), "utf8")).matchAll(/\b(?:it|test)\(\s*"([^"]+)"/gu)];
  expect(titles.map(([, title]) => title)).toContain(name);
});
