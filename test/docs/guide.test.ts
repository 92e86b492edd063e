import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { long } from "../long.js";

const root = join(import.meta.dirname, "../..");
const read = (name: string): string => readFileSync(join(root, name), "utf8");
const guides = ["ARCHITECTURE.md", "CONTRIBUTING.md", "STYLE.md"] as const;

/** What stands between backticks. */
function codeIn(text: string): readonly string[] {
  return [...text.matchAll(/`([^`\n]+)`/gu)].map(([, code = ""]) => code);
}

test.each(guides)("every path that %s names is there", (guide) => {
  const paths = codeIn(read(guide)).filter(
    (code) =>
      /^(?:src|test|docs|bench|playground|prisma|\.ci)\/[\w./-]*[\w-]$|^[\w.-]+\.(?:md|json|yml)$/u.test(
        code,
      ) && !code.includes("NAME"),
  );
  // Where none is found, what is looked for has changed.
  expect(paths.length).toBeGreaterThan(guide === "STYLE.md" ? 0 : 5);
  expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

test.each(guides)("every npm script that %s names is there", (guide) => {
  const { scripts } = z
    .object({ scripts: z.record(z.string(), z.string()) })
    .parse(JSON.parse(read("package.json")));
  const named = [...read(guide).matchAll(/npm run (?:-s )?([\w:]+)/gu)].map(([, name = ""]) => name);
  expect(named.filter((name) => !(name in scripts))).toEqual([]);
});

test("every link of a guide leads to a file", () => {
  const links = guides.flatMap((guide) => [...read(guide).matchAll(/\]\((?!https?:)([^)#]+)/gu)]);
  expect(links.map(([, path = ""]) => path).filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

const Rule = z.tuple([
  z.literal("error"),
  z.object({ patterns: z.array(z.object({ group: z.array(z.string()) })) }),
]);
const Lint = z.object({
  overrides: z.array(
    z.object({
      files: z.array(z.string()),
      rules: z.looseObject({ "eslint/no-restricted-imports": Rule.optional() }),
    }),
  ),
});

/** By folder, which others the linter does not let it import. */
function forbiddenByLint(): ReadonlyMap<string, readonly string[]> {
  const text = read(".oxlintrc.json").replaceAll(/^\s*\/\/.*$/gmu, "");
  return new Map(
    Lint.parse(JSON.parse(text)).overrides.flatMap(({ files: [files = ""], rules }) => {
      const [, folder] = /^src\/(\w+)\/\*\*$/u.exec(files) ?? [];
      const rule = rules["eslint/no-restricted-imports"];
      return folder === undefined || !rule
        ? []
        : [[folder, rule[1].patterns.flatMap(({ group }) => group)] as const];
    }),
  );
}

test("the table of folders says what the linter enforces", () => {
  const rows = [...read("ARCHITECTURE.md").matchAll(/^\| `src\/(\w+)` +\| [^|]+ \| ([^|]+?) +\|$/gmu)];
  const folders = rows.map(([, folder = ""]) => folder);
  const forbidden = forbiddenByLint();
  for (const [, folder = "", words = ""] of rows) {
    const rules = forbidden.get(folder) ?? [];
    const others = folders.filter((other) => other !== folder);
    // These name what is allowed instead.
    const isClosed = rules.includes("../*") || rules.includes("../*/**");
    const may = others.filter((other) =>
      isClosed
        ? rules.some((rule) => rule === `!../${other}/*`)
        : !rules.some((rule) => rule.endsWith(`/${other}/**`)),
    );
    const said = words.startsWith("everything")
      ? others.filter((other) => !words.includes(`\`${other}\``))
      : codeIn(words);
    expect([folder, said.toSorted()]).toEqual([folder, may.toSorted()]);
  }
  expect(folders).toHaveLength(14);
});

test("every test that is listed as long is there", () => {
  expect(long.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});
