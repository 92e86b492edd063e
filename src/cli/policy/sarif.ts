import { isAbsolute, relative, resolve, sep } from "node:path";
import { pathToFileURL } from "node:url";
import type { PolicyFault } from "../../policy/language/fault.ts";
import { type PolicyWarning, warningKinds } from "../../policy/lint/warning.ts";

const errorId = "policy-error";

/**
 * Faults and warnings as SARIF 2.1.0, limited to the part that code scanning supports
 * (https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support). Paths are relative to
 * the working directory, which is the repository's root there.
 */
export function sarifLog(
  faults: readonly PolicyFault[],
  warnings: readonly PolicyWarning[],
  { cwd, version }: { readonly cwd: string; readonly version: string },
): object {
  const results = [
    ...faults.map((fault) => resultOf(fault, errorId, "error", cwd)),
    ...warnings.map((warning) => resultOf(warning, warning.kind, "warning", cwd)),
  ];
  const rules = [
    { id: errorId, name: "A policy that is not fine", level: "error" },
    ...Object.entries(warningKinds).map(([id, name]) => ({ id, name, level: "warning" })),
  ];
  const driver = {
    name: "Hallpass",
    version,
    rules: rules.map(({ id, name, level }) => ({
      id,
      shortDescription: { text: name },
      defaultConfiguration: { level },
    })),
  };
  return {
    $schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
    version: "2.1.0",
    runs: [{ tool: { driver }, columnKind: "utf16CodeUnits", results }],
  };
}

function resultOf(
  { file, line, column, message }: PolicyFault,
  ruleId: string,
  level: string,
  cwd: string,
): object {
  return {
    ruleId,
    level,
    message: { text: message },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: uriOf(file, cwd) },
          region: { startLine: line, startColumn: column },
        },
      },
    ],
  };
}

/** Relative to the working directory if the file is in it, else a file URL. */
function uriOf(file: string, cwd: string): string {
  const path = relative(cwd, resolve(cwd, file));
  if (isAbsolute(path) || path.split(sep)[0] === "..") return pathToFileURL(resolve(cwd, file)).href;
  return path.split(sep).map(encodeURIComponent).join("/");
}
