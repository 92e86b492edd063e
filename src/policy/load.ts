import { isUtf8 } from "node:buffer";
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { PolicyFault } from "./fault.ts";
import { mergeSources } from "./merge.ts";
import type { Policy } from "./policy.ts";
import { checkProviders, type ProviderTypes } from "./provider-check.ts";
import { referenceFaults } from "./references.ts";
import { resolve } from "./resolve.ts";
import { PolicyFile } from "./schema.ts";
import { shape } from "./shape.ts";
import { policyWarnings } from "./warnings.ts";
import { maxFileBytes, readSource, tooLarge } from "./yaml-source.ts";

export type LoadedPolicy =
  | {
      readonly ok: true;
      readonly policy: Policy;
      /** What it says and hardly means; looked for when asked. */
      readonly warnings: () => readonly PolicyFault[];
    }
  | { readonly ok: false; readonly faults: readonly PolicyFault[] };

/** A file of a policy. `name` has no folder: the policy's hash must not depend on where it is kept. */
export type PolicyText = { readonly name: string; readonly text: string };

type Options = { readonly providerTypes: ProviderTypes };

/** Reads and checks a policy: a file, or all `*.yml` and `*.yaml` of a folder in name order. Throws for nothing on disk. */
export async function loadPolicy(path: string, options: Options): Promise<LoadedPolicy> {
  const names = await policyFilesIn(path);
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
  const located = (faults: readonly PolicyFault[]): readonly PolicyFault[] =>
    faults.map((fault) => ({ ...fault, file: join(names.folder, fault.file) }));
  if (parsed.ok) return { ...parsed, warnings: () => located(parsed.warnings()) };
  return { ok: false, faults: located(parsed.faults) };
}

type Listing =
  | { readonly ok: true; readonly folder: string; readonly files: readonly string[] }
  | { readonly ok: false; readonly fault: PolicyFault };

async function policyFilesIn(path: string): Promise<Listing> {
  try {
    if (!(await stat(path)).isDirectory())
      return { ok: true, folder: dirname(path), files: [basename(path)] };
    // Hidden files are editors' locks and backups, and Kubernetes' `..data`.
    const files = (await readdir(path)).filter((name) => /^[^.].*\.ya?ml$/su.test(name)).toSorted();
    if (files.length > 0) return { ok: true, folder: path, files };
    return { ok: false, fault: wholeFile(path, "expected .yml or .yaml files in this folder, got none") };
  } catch (error) {
    return { ok: false, fault: wholeFile(path, wordFileError(error)) };
  }
}

type ReadText =
  { readonly ok: true; readonly file: PolicyText } | { readonly ok: false; readonly fault: PolicyFault };

async function readText(folder: string, name: string): Promise<ReadText> {
  const failed = (message: string): ReadText => ({ ok: false, fault: wholeFile(name, message) });
  const path = join(folder, name);
  try {
    const stats = await stat(path);
    // Reading a pipe would wait for ever.
    if (!stats.isFile()) return failed("expected a file, got something else");
    if (stats.size > maxFileBytes) return failed(tooLarge);
    const bytes = await readFile(path);
    if (!isUtf8(bytes)) return failed("expected UTF-8 text, got other bytes");
    return { ok: true, file: { name, text: bytes.toString().replace(/^\uFEFF/u, "") } };
  } catch (error) {
    return failed(wordFileError(error));
  }
}

/** A file's own trouble is a fault; anything else is a bug and goes on. */
function wordFileError(error: unknown): string {
  if (typeof error !== "object" || error === null || !("code" in error)) throw error;
  switch (error.code) {
    case "ENOENT":
      return "expected a policy file or folder, found none here";
    case "EACCES":
    case "EPERM":
      return "cannot be read: permission denied";
    default:
      return `cannot be read: ${String(error.code)}`;
  }
}

function wholeFile(file: string, message: string): PolicyFault {
  return { file, line: 1, column: 1, message };
}

/** Checks a policy of one or more files and resolves it; all faults at once, in the order they stand. Pure. */
export function parsePolicy(files: readonly PolicyText[], { providerTypes }: Options): LoadedPolicy {
  const sources = files.map(({ name, text }) => readSource(name, text));
  const unreadable = sources.flatMap((source) => (source.ok ? [] : source.faults));
  // What an unreadable file holds is unknown, and would be missed everywhere else.
  if (unreadable.length > 0) return { ok: false, faults: inOrder(unreadable, files) };
  const [first, ...others] = sources.flatMap((source) => (source.ok ? [source.root] : []));
  if (!first) return { ok: false, faults: [wholeFile("policy", "expected a policy file, got none")] };

  const { root, faults: merging } = mergeSources(first, others);
  const { value, faults: shaping } = shape(PolicyFile, root, {
    hides: ([section]) => section === "providers",
  });
  const { providers, targets, faults: providing } = checkProviders(root, providerTypes);
  const faults = [...merging, ...shaping, ...providing, ...referenceFaults(root)];
  if (!value || faults.length > 0) return { ok: false, faults: inOrder(faults, files) };
  const policy = resolve(value, textOf(files), providers, targets);
  return { ok: true, policy, warnings: () => inOrder(policyWarnings(policy, root), files) };
}

function inOrder(faults: readonly PolicyFault[], files: readonly PolicyText[]): readonly PolicyFault[] {
  const rank = new Map(files.map(({ name }, index) => [name, index]));
  const rankOf = ({ file }: PolicyFault): number => rank.get(file) ?? 0;
  return faults.toSorted((a, b) => rankOf(a) - rankOf(b) || a.line - b.line || a.column - b.column);
}

/** One file's text as it is; several as YAML documents, each under its name. */
function textOf(files: readonly PolicyText[]): string {
  const [only, ...others] = files;
  if (only && others.length === 0) return only.text;
  return files
    .map(({ name, text }) => `---\n# file: ${name}\n${text}${text.endsWith("\n") ? "" : "\n"}`)
    .join("");
}
