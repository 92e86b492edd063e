import { quoted } from "../../domain/text.ts";
import { basename, dirname, join } from "node:path";
import { type PolicyFault, wordFault } from "../../policy/language/fault.ts";
import { loadPolicy } from "../../policy/language/load.ts";
import type { Policy } from "../../policy/policy.ts";
import { type Listing, readText, testFilesAt } from "../../policy/language/policy-files.ts";
import { type PolicyTest, readTests } from "../../policy/testing/test-file.ts";
import { runPolicyTests, type TestReport, type TestResult } from "../../policy/testing/test-run.ts";
import { providerTypes } from "../../providers/registry.ts";
import { readSettings } from "../settings.ts";

export type TestOptions = { readonly file?: string; readonly json?: boolean };

/**
 * `hallpass policy test`: prints a line for each failed test, then how many passed and which rules decided none.
 * Resolves with the exit code: 1 if a test fails, or the policy or the tests have errors.
 */
export async function policyTest(testFile: string | undefined, options: TestOptions): Promise<number> {
  const { file = readSettings().policyPath, json = false } = options;
  const loaded = await loadPolicy(file, { providerTypes });
  const read = loaded.ok ? await readAll(loaded.policy, testFile, file) : loaded;
  if (!loaded.ok || !read.ok) {
    const faults = read.ok ? [] : read.faults;
    write(json ? [JSON.stringify({ ok: false, faults, tests: [] }, null, 2)] : faults.map(wordFault));
    return 1;
  }
  const report = runPolicyTests(loaded.policy, read.tests);
  const isPassed = report.results.every(({ passed }) => passed);
  write(json ? [JSON.stringify(asJson(report, isPassed), null, 2)] : wordReport(report));
  return isPassed ? 0 : 1;
}

function write(lines: readonly string[]): void {
  process.stdout.write(`${lines.join("\n")}\n`);
}

type Read =
  | { readonly ok: true; readonly tests: readonly PolicyTest[] }
  | { readonly ok: false; readonly faults: readonly PolicyFault[] };

async function readAll(policy: Policy, testFile: string | undefined, policyPath: string): Promise<Read> {
  const named: Listing | undefined =
    testFile === undefined ? undefined : { ok: true, folder: dirname(testFile), files: [basename(testFile)] };
  const listing = named ?? (await testFilesAt(policyPath));
  if (!listing.ok) return { ok: false, faults: [listing.fault] };
  const { folder, files } = listing;
  const texts = await Promise.all(files.map((name) => readText(folder, name, "file of tests")));
  const read = texts.map((text): Read =>
    text.ok
      ? readTests(policy, { ...text.file, name: join(folder, text.file.name) })
      : { ok: false, faults: [{ ...text.fault, file: join(folder, text.fault.file) }] },
  );
  const faults = read.flatMap((each) => (each.ok ? [] : each.faults));
  if (faults.length > 0) return { ok: false, faults };
  return { ok: true, tests: read.flatMap((each) => (each.ok ? each.tests : [])) };
}

function wordReport({ results, exercised, never }: TestReport): readonly string[] {
  const failed = results.filter(({ passed }) => !passed);
  const rules = exercised.length + never.length;
  const missed = never.length === 0 ? "" : `; never: ${never.map(quoted).join(", ")}`;
  return [
    ...failed.map(wordFailed),
    `${results.length} ${results.length === 1 ? "test" : "tests"}: ${results.length - failed.length} passed, ${failed.length} failed`,
    `rules exercised: ${exercised.length} of ${rules}${missed}`,
  ];
}

function wordFailed({ name, at, expected, got, rule }: TestResult): string {
  const by = rule === undefined ? "by no rule" : `by the rule ${quoted(rule)}`;
  return wordFault({ ...at, message: `${name}: expected ${expected}, got ${got} (${by})` });
}

function asJson({ results, exercised, never }: TestReport, ok: boolean): object {
  const tests = results.map(({ at, ...result }) => ({ ...at, ...result }));
  return { ok, faults: [], tests, rules: { exercised, never } };
}
