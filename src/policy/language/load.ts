import { join } from "node:path";
import { comparisonFaults } from "../conditions/comparison-check.ts";
import { compileRules } from "../conditions/compile.ts";
import { driftFaults } from "./drift-check.ts";
import type { PolicyFault } from "./fault.ts";
import { inputFaultsIn } from "./input-check.ts";
import { mergeSources } from "./merge.ts";
import type { Policy } from "../policy.ts";
import { joinTexts, type PolicyText } from "./policy-text.ts";
import { policyFilesAt, readText, wholeFile } from "./policy-files.ts";
import { checkProviders, type ProviderTypes } from "./provider-check.ts";
import { referenceFaults } from "./references.ts";
import { resolve } from "./resolve.ts";
import { PolicyFile } from "./schema.ts";
import { shape } from "./shape.ts";
import type { PolicyWarning } from "../lint/warning.ts";
import { policyWarnings } from "../lint/warnings.ts";
import { readSource } from "./yaml-source.ts";

export type LoadedPolicy =
  | {
      readonly ok: true;
      readonly policy: Policy;
      /** What is probably a mistake in it; looked for when asked. */
      readonly warnings: () => readonly PolicyWarning[];
    }
  | { readonly ok: false; readonly faults: readonly PolicyFault[] };

type Options = {
  readonly providerTypes: ProviderTypes;
  /** The policy was in force, and is read for what it said then: a slip that would be refused today was part of it. */
  readonly wasInForce?: boolean;
};

/** Reads and checks a policy: a file, or all files of a folder in name order. Nothing on disk makes it throw. */
export async function loadPolicy(path: string, options: Options): Promise<LoadedPolicy> {
  const names = await policyFilesAt(path);
  if (!names.ok) return { ok: false, faults: [names.fault] };
  const read = await Promise.all(names.files.map((name) => readText(names.folder, name)));
  const unreadable = read.flatMap((result) => (result.ok ? [] : [result.fault]));
  const parsed: LoadedPolicy =
    unreadable.length > 0
      ? { ok: false, faults: unreadable }
      : parsePolicy(
          read.flatMap((result) => (result.ok ? [result.file] : [])),
          options,
        );
  const located = <Fault extends PolicyFault>(faults: readonly Fault[]): readonly Fault[] =>
    faults.map((fault) => ({ ...fault, file: join(names.folder, fault.file) }));
  if (parsed.ok) return { ...parsed, warnings: () => located(parsed.warnings()) };
  return { ok: false, faults: located(parsed.faults) };
}

/** Checks a policy of one or more files and resolves it; returns all faults at once, in the order of the text. Pure. */
export function parsePolicy(
  files: readonly PolicyText[],
  { providerTypes, wasInForce = false }: Options,
): LoadedPolicy {
  const sources = files.map(({ name, text }) => readSource(name, text));
  const unreadable = sources.flatMap((source) => (source.ok ? [] : source.faults));
  // What an unreadable file holds is unknown, and would be reported as missing everywhere else.
  if (unreadable.length > 0) return { ok: false, faults: inOrder(unreadable, files) };
  const [first, ...others] = sources.flatMap((source) => (source.ok ? [source.root] : []));
  if (!first) return { ok: false, faults: [wholeFile("policy", "expected a policy file, got none")] };

  const { root, faults: merging } = mergeSources(first, others);
  const { value, faults: shaping } = shape(PolicyFile, root, {
    hides: ([section]) => section === "providers" || section === "sinks",
  });
  const { providers, targets, faults: providing } = checkProviders(root, providerTypes);
  const drifting = driftFaults(root, { providers, targets }, providerTypes);
  const { compiled, faults: compiling } = compileRules(root);
  const faults = [
    ...merging,
    ...shaping,
    ...providing,
    ...drifting,
    ...compiling,
    ...referenceFaults(root),
    ...inputFaultsIn(root, providers),
    ...(wasInForce ? [] : comparisonFaults(root, compiled)),
  ];
  if (!value || faults.length > 0) return { ok: false, faults: inOrder(faults, files) };
  const policy = resolve(value, joinTexts(files), { providers, targets, compiled });
  return { ok: true, policy, warnings: () => inOrder(policyWarnings(policy, root, compiled), files) };
}

function inOrder<Fault extends PolicyFault>(
  faults: readonly Fault[],
  files: readonly PolicyText[],
): readonly Fault[] {
  const rank = new Map(files.map(({ name }, index) => [name, index]));
  const rankOf = ({ file }: PolicyFault): number => rank.get(file) ?? 0;
  return faults.toSorted((a, b) => rankOf(a) - rankOf(b) || a.line - b.line || a.column - b.column);
}
