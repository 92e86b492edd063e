import { execFile as execFileCallback } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { long, onPostgres15 } from "../long.js";

const execFile = promisify(execFileCallback);
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

/** The folders of the guide, and which others each may import. */
function folders(): ReadonlyMap<string, readonly string[]> {
  const rows = [...read("ARCHITECTURE.md").matchAll(/^\| `src\/(\w+)` +\| [^|]+ \| ([^|]+?) +\|$/gmu)];
  const names = rows.map(([, folder = ""]) => folder);
  return new Map(
    rows.map(([, folder = "", words = ""]) => {
      const named = codeIn(words);
      return [
        folder,
        words.startsWith("everything") ? names.filter((name) => ![folder, ...named].includes(name)) : named,
      ];
    }),
  );
}

test("the linter lets each folder import what the guide says, and nothing else", async () => {
  const table = folders();
  const names = [...table.keys()];
  expect(names.toSorted()).toEqual(
    readdirSync(join(root, "src"), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name !== "generated")
      .map(({ name }) => name)
      .toSorted(),
  );
  const directory = await mkdtemp(join(tmpdir(), "hallpass-guide-"));
  try {
    await copyFile(join(root, ".oxlintrc.json"), join(directory, ".oxlintrc.json"));
    const others = (folder: string): readonly string[] => names.filter((name) => name !== folder);
    for (const folder of names) {
      for (const [place, up] of [
        ["", ".."],
        ["deep", "../.."],
      ] as const) {
        await mkdir(join(directory, "src", folder, place), { recursive: true });
        const lines = others(folder).map((name) => `import type { X as ${name} } from "${up}/${name}/x.ts";`);
        await writeFile(join(directory, "src", folder, place, "zz.ts"), `${lines.join("\n")}\n`);
      }
    }
    const linter = join(root, "node_modules/.bin/oxlint");
    const said = await execFile(linter, ["--format", "unix", "src"], { cwd: directory }).catch(
      (error: unknown) => z.object({ stdout: z.string() }).parse(error),
    );
    const refused = [...said.stdout.matchAll(/^(src\/(\w+)\/(?:deep\/)?zz\.ts):(\d+):.*restricted/gmu)];
    for (const folder of names)
      for (const place of ["zz.ts", "deep/zz.ts"]) {
        const lines = refused.flatMap(([, path, , line]) =>
          path === `src/${folder}/${place}` ? [Number(line)] : [],
        );
        const may = others(folder).filter((_, index) => !lines.includes(index + 1));
        expect([folder, place, may.toSorted()]).toEqual([
          folder,
          place,
          [...(table.get(folder) ?? [])].toSorted(),
        ]);
      }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

test("every test that is listed as long is there", () => {
  expect(long.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

test("every test of guarding PostgreSQL that is not about one version runs on both", () => {
  const tests = readdirSync(join(root, "test"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".test.ts") && path !== "docs/guide.test.ts")
    .map((path) => `test/${path}`);
  const onEither = tests.filter((path) => /\bdescribe(?:Here|AsEach)\b/u.test(read(path)));
  expect(onEither.toSorted()).toEqual(onPostgres15.toSorted());
});
