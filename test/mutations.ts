// `npm run mutations`: takes each protection out of a copy of the code and sees whether a test notices. `-- --invariant 5` and
// `-- --provider http` do so for some.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join, relative } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { providerDefinitions } from "../src/providers/registry.ts";
import { type Change, type Mutant, mutants } from "./mutants.ts";
import { type ProviderMutant, providerMutants } from "./provider-mutants.ts";

/** What must always be true, by its place in the design's list. */
const invariants = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 19];

const { values: options } = parseArgs({
  options: {
    invariant: { type: "string", multiple: true, default: [] },
    provider: { type: "string", multiple: true, default: [] },
  },
});
const isAll = options.invariant.length === 0 && options.provider.length === 0;
const every: readonly (Mutant | ProviderMutant)[] = [...mutants, ...providerMutants];
const chosen = every.filter((mutant) =>
  "provider" in mutant
    ? isAll || options.provider.includes(mutant.provider)
    : isAll || options.invariant.includes(String(mutant.invariant)),
);

const Report = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      message: z.string(),
      assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })),
    }),
  ),
});

const known = new Map<string, readonly string[]>();
const root = join(import.meta.dirname, "..");
const copy = await mkdtemp(join(tmpdir(), "hallpass-mutations-"));
// Under root the tests' PostgreSQL runs as another user, who must be able to get here.
await chmod(copy, 0o755);
try {
  await copyTree();
  await survey();
} finally {
  await rm(copy, { recursive: true, force: true });
}

/** What of these is red as the code stands, each file looked at once. */
async function redUntouched(files: readonly string[]): Promise<readonly string[]> {
  for (const file of files) {
    if (!known.has(file)) known.set(file, await redTests([file]));
  }
  return files.flatMap((file) => known.get(file) ?? []);
}

async function survey(): Promise<void> {
  const faults = await faultsOf(chosen);
  for (const invariant of invariants) {
    if (!mutants.some((mutant) => mutant.invariant === invariant))
      faults.push(`nothing is taken out that would hurt ${invariant}`);
  }
  for (const { type } of providerDefinitions) {
    if (isAll && !providerMutants.some(({ provider }) => provider === type))
      faults.push(`nothing is taken out of the provider ${type}`);
  }
  if (faults.length > 0) return fail(faults);
  const survivors: string[] = [];
  for (const mutant of chosen) {
    const untouched = new Set(await redUntouched(mutant.tests));
    const red = (await inMutated(mutant, () => redTests(mutant.tests))).filter(
      (name) => !untouched.has(name) && (!("rule" in mutant) || name.includes(mutant.rule)),
    );
    const about = "provider" in mutant ? mutant.provider : String(mutant.invariant).padStart(2);
    const label = `${about}  without ${mutant.without}`;
    console.log(
      red.length > 0 ? `${label}\n      red: ${red.join("\n      red: ")}` : `${label}\n      NOT RED`,
    );
    if (red.length === 0) survivors.push(`no test notices: ${label.trim()} (${mutant.tests.join(", ")})`);
  }
  const before = [...known.values()].flat();
  if (before.length > 0) return fail(before.map((name) => `red before anything was taken out: ${name}`));
  if (survivors.length > 0) return fail(survivors);
  console.log(`\nEach of ${chosen.length} was noticed.`);
}

/** The tree as it is on disk, without what is made or installed; that is shared. */
async function copyTree(): Promise<void> {
  const shared = ["node_modules"];
  const left = new Set([...shared, ".git", "coverage", ".hallpass"]);
  await cp(root, copy, { recursive: true, filter: (path) => !left.has(relative(root, path)) });
  for (const name of shared) await symlink(join(root, name), join(copy, name));
}

async function faultsOf(all: readonly (Mutant | ProviderMutant)[]): Promise<string[]> {
  const faults: string[] = [];
  for (const { file, text, without } of all) {
    const count = (await readFile(join(copy, file), "utf8")).split(text).length - 1;
    if (count !== 1)
      faults.push(`${file} should have this once and has it ${count} times (without ${without}):\n${text}`);
  }
  return faults;
}

async function inMutated<T>({ file, text, replacement }: Change, work: () => Promise<T>): Promise<T> {
  const path = join(copy, file);
  const original = await readFile(path, "utf8");
  await writeFile(
    path,
    original.replace(text, () => replacement),
  );
  try {
    return await work();
  } finally {
    await writeFile(path, original);
  }
}

/** The names of the tests that fail, each with its file; a file that could not be run is one too. */
async function redTests(files: readonly string[]): Promise<readonly string[]> {
  const outputFile = join(copy, "mutations.json");
  const jest = ["node_modules/jest/bin/jest.js", "--json", `--outputFile=${outputFile}`, "--forceExit"];
  const child = spawn(process.execPath, [...jest, "--runTestsByPath", ...files], {
    cwd: copy,
    stdio: "ignore",
  });
  await once(child, "close");
  const { testResults } = Report.parse(JSON.parse(await readFile(outputFile, "utf8")));
  await rm(outputFile);
  return testResults.flatMap(({ name, assertionResults, message }) => {
    const failed = assertionResults.filter(({ status }) => status === "failed");
    if (failed.length > 0) return failed.map(({ fullName }) => `${basename(name)}: ${fullName}`);
    return message === "" ? [] : [`${basename(name)}: could not be run`];
  });
}

function fail(faults: readonly string[]): void {
  console.error(faults.join("\n"));
  process.exitCode = 1;
}
