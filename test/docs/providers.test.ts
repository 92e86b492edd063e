import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { providerDefinitions } from "../../src/providers/registry.ts";
import { readPage } from "./markdown.ts";

const page = await readPage("policy-language.md");
const rows = page
  .split("\n")
  .filter((line) => line.startsWith("| "))
  .map((line) => line.split("|").map((cell) => cell.trim()));

test.each(providerDefinitions.map(({ type, title }) => [type, title]))(
  "the table of providers has %s, what it guards, and its page where it has one",
  (type, title) => {
    const pageName = `${type}-provider.md`;
    const hasPage = existsSync(fileURLToPath(new URL(`../../docs/${pageName}`, import.meta.url)));
    const said = rows.filter(([, cell]) => cell === `\`${type}\``).map((cells) => cells.slice(1, 4));
    expect(said).toEqual([[`\`${type}\``, title, hasPage ? `[its page](${pageName})` : ""]]);
  },
);
