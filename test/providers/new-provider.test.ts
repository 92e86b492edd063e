import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { z } from "zod";
import { blocksOf, readPage } from "../docs/markdown.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
let copy: string;

/** The project as somebody clones it, without what takes long to start. */
beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), "hallpass-new-provider-"));
  const left = new Set(["node_modules", ".git", "dist", "coverage", ".hallpass"]);
  await cp(root, copy, { recursive: true, filter: (path) => !left.has(relative(root, path)) });
  await symlink(join(root, "node_modules"), join(copy, "node_modules"));
  // The servers that other tests need.
  const config = await readFile(join(root, "jest.config.js"), "utf8");
  await writeFile(
    join(copy, "jest.config.js"),
    config.replaceAll(/^ {2}global(?:Setup|Teardown):.*$/gmu, ""),
  );
});

afterAll(() => rm(copy, { recursive: true, force: true }));

const Failed = z.object({ stderr: z.string() });

/** What `npm run new:provider` says; of a failure its last line. */
async function newProvider(name: string): Promise<string> {
  try {
    return (await run("npm", ["run", "-s", "new:provider", name], { cwd: copy })).stdout;
  } catch (error) {
    return Failed.parse(error).stderr;
  }
}

const Report = z.object({
  testResults: z.array(
    z.object({
      message: z.string(),
      assertionResults: z.array(z.object({ title: z.string(), status: z.string() })),
    }),
  ),
});

/** The titles of the tests in these files, by what became of them, and what was said. */
async function jest(...files: readonly string[]) {
  const outputFile = join(copy, "jest.json");
  const jestArgs = ["node_modules/jest/bin/jest.js", "--json", `--outputFile=${outputFile}`];
  // Red tests are what some of these are for.
  await run(process.execPath, [...jestArgs, "--runTestsByPath", ...files], { cwd: copy }).catch(
    (error: unknown) => Failed.parse(error),
  );
  const { testResults } = Report.parse(JSON.parse(await readFile(outputFile, "utf8")));
  const all = testResults.flatMap(({ assertionResults }) => assertionResults);
  const titles = (status: string): readonly string[] =>
    all.filter((one) => one.status === status).map(({ title }) => title);
  return {
    passed: titles("passed"),
    failed: titles("failed"),
    said: testResults.map(({ message }) => message).join("\n"),
  };
}

test.each(["", "My SQL", "../x", "-a", "postgres"])("%j is no name for a new provider", async (name) => {
  expect(await newProvider(name)).toMatch(
    /^expected a name such as mysql|^src\/providers\/postgres is there already/u,
  );
});

test("a new provider is registered everywhere, and fails the contract with what is not written yet", async () => {
  expect(await newProvider("identity-center")).toContain(
    "src/providers/identity-center/index.ts is where to begin",
  );
  const { passed, failed, said } = await jest(
    "test/providers/identity-center/contract.test.ts",
    "test/providers/contract/rules.test.ts",
    "test/docs/providers.test.ts",
  );
  expect(passed).toEqual(
    expect.arrayContaining([
      "the contract is put to identity-center",
      "the table of providers has identity-center, what it guards, and its page where it has one",
    ]),
  );
  expect(failed).toContain("it gives what it is told to, to whom it is told to, and nothing else");
  expect(said).toContain("prepare: not written yet");
  expect(await readFile(join(copy, "hallpass.schema.json"), "utf8")).toContain('"const": "identity-center"');
  const written = [
    "src/providers/list.ts",
    "src/providers/identity-center",
    "test/providers/identity-center",
  ];
  const pages = ["docs/policy-language.md", "docs/identity-center-provider.md", "hallpass.schema.json"];
  await run("node_modules/.bin/prettier", ["--check", ...written, ...pages], { cwd: copy });
}, 120_000);

test("the example of docs/writing-a-provider.md is green", async () => {
  await newProvider("htgroup");
  const page = blocksOf(await readPage("writing-a-provider.md")).filter(({ language }) => language === "ts");
  expect(page).toHaveLength(2);
  for (const { text } of page) {
    const [first = "", ...rest] = text.split("\n");
    await writeFile(join(copy, first.replace("// ", "")), rest.join("\n"));
  }
  const { passed, failed, said } = await jest("test/providers/htgroup/contract.test.ts");
  expect([failed, said]).toEqual([[], ""]);
  expect(passed.length).toBeGreaterThan(20);
}, 120_000);
