import { wordFault } from "../../policy/language/fault.ts";
import { loadPolicy } from "../../policy/language/load.ts";
import { noMemberships, peopleAmong } from "../../policy/people.ts";
import type { Policy } from "../../policy/policy.ts";
import { providerTypes } from "../../providers/registry.ts";
import { sarifLog } from "./sarif.ts";
import { readSettings } from "../settings.ts";
import { version } from "../version.ts";

export type CheckOptions = {
  readonly json?: boolean;
  readonly sarif?: boolean;
  /** Also checks the providers and the channels, and the live access in the database. */
  readonly live?: boolean;
};

/**
 * `hallpass policy check`: prints the errors, a line each, or that all is fine, with warnings for what is probably a
 * mistake. Resolves with the exit code: warnings alone are no failure.
 */
export async function policyCheck(
  file: string | undefined,
  { json = false, sarif = false, live = false }: CheckOptions,
): Promise<number> {
  const path = file ?? readSettings().policyPath;
  const loaded = await loadPolicy(path, { providerTypes });
  const faults = loaded.ok ? [] : loaded.faults;
  const warnings = loaded.ok ? loaded.warnings() : [];
  if (sarif) {
    const log = sarifLog(faults, warnings, { cwd: process.cwd(), version });
    process.stdout.write(`${JSON.stringify(log, null, 2)}\n`);
    return loaded.ok ? 0 : 1;
  }
  // Imported only for --live: a check in an editor must not wait for database libraries.
  const found = live && loaded.ok ? await (await import("./live.ts")).liveFindings(loaded.policy) : [];
  const lines = json
    ? [JSON.stringify({ ok: loaded.ok, faults, warnings, ...(live ? { live: found } : {}) }, null, 2)]
    : [
        ...faults.map(wordFault),
        ...warnings.map((fault) => wordFault({ ...fault, message: `warning: ${fault.message}` })),
        ...found.map(
          ({ provider, message, isFault }) => `${provider}: ${isFault ? "" : "warning: "}${message}`,
        ),
        ...(loaded.ok ? [`${path} is fine: ${summary(loaded.policy)}`] : []),
      ];
  process.stdout.write(`${lines.join("\n")}\n`);
  return loaded.ok && !found.some(({ isFault }) => isFault) ? 0 : 1;
}

function summary(policy: Policy): string {
  const { rules, resources } = policy;
  const principals = rules
    .flatMap((rule) => (rule.decision === "review" ? rule.steps : []))
    .flatMap((step) => step.from);
  const { emails, unreadable } = peopleAmong(policy, noMemberships, principals);
  const people = emails.length;
  const elsewhere = unreadable.length > 0;
  return [
    counted(rules.length, "rule"),
    counted(resources.size, "resource"),
    `${people} ${people === 1 ? "person" : "people"} can be asked${elsewhere ? ", and those of groups kept elsewhere" : ""}`,
  ].join(", ");
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
