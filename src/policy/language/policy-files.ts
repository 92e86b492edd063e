import { isUtf8 } from "node:buffer";
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import type { PolicyFault } from "./fault.ts";
import type { PolicyText } from "./policy-text.ts";
import { maxFileBytes, tooLarge } from "./yaml-source.ts";

export type Listing =
  | { readonly ok: true; readonly folder: string; readonly files: readonly string[] }
  | { readonly ok: false; readonly fault: PolicyFault };

/** Lists the files of a policy: one, or all `*.yml` and `*.yaml` of a folder in name order, except for its tests. */
export function policyFilesAt(path: string): Promise<Listing> {
  return listing(path, {
    file: (name) => name,
    // Hidden files are editors' locks and backups, and Kubernetes' `..data`.
    isOne: (name) => /^[^.].*\.ya?ml$/su.test(name) && !isTestFile(name),
    wanted: ".yml or .yaml files",
  });
}

/** Lists the tests of a policy: `hallpass.test.yml` beside `hallpass.yml`, or all `*.test.yml` and `*.test.yaml` of a folder. */
export function testFilesAt(policyPath: string): Promise<Listing> {
  return listing(policyPath, {
    file: (name) => `${basename(name, extname(name))}.test${extname(name)}`,
    isOne: isTestFile,
    wanted: ".test.yml files",
  });
}

function isTestFile(name: string): boolean {
  return /^[^.].*\.test\.ya?ml$/su.test(name);
}

async function listing(
  path: string,
  {
    file,
    isOne,
    wanted,
  }: {
    /** The file to take if `path` is a file. */
    readonly file: (name: string) => string;
    /** Which of a folder's files to take. */
    readonly isOne: (name: string) => boolean;
    readonly wanted: string;
  },
): Promise<Listing> {
  try {
    if (!(await stat(path)).isDirectory())
      return { ok: true, folder: dirname(path), files: [file(basename(path))] };
    const files = (await readdir(path)).filter(isOne).toSorted();
    if (files.length > 0) return { ok: true, folder: path, files };
    return { ok: false, fault: wholeFile(path, `expected ${wanted} in this folder, got none`) };
  } catch (error) {
    return { ok: false, fault: wholeFile(path, wordFileError(error, "policy file or folder")) };
  }
}

export type ReadText =
  { readonly ok: true; readonly file: PolicyText } | { readonly ok: false; readonly fault: PolicyFault };

/** Reads a file by its name in its folder; `what`: what it is expected to be, for people. */
export async function readText(folder: string, name: string, what = "policy file"): Promise<ReadText> {
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
    return failed(wordFileError(error, what));
  }
}

/** Trouble with a file is a fault; anything else is a bug, and thrown on. */
function wordFileError(error: unknown, what: string): string {
  if (typeof error !== "object" || error === null || !("code" in error)) throw error;
  switch (error.code) {
    case "ENOENT":
      return `expected a ${what}, found none here`;
    case "EACCES":
    case "EPERM":
      return "cannot be read: permission denied";
    default:
      return `cannot be read: ${String(error.code)}`;
  }
}

/** A fault of a whole file, placed at its beginning. */
export function wholeFile(file: string, message: string): PolicyFault {
  return { file, line: 1, column: 1, message };
}
