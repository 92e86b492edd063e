import { wordFault } from "../policy/fault.ts";
import { loadPolicy } from "../policy/load.ts";
import type { Policy } from "../policy/policy.ts";
import { providerTypes } from "../providers/registry.ts";
import { readSettings } from "./settings.ts";

/** `hallpass policy check`: prints what is wrong, a line each, or that all is fine. Resolves with the exit code. */
export async function policyCheck(file?: string): Promise<number> {
  const path = file ?? readSettings().policyPath;
  const loaded = await loadPolicy(path, { providerTypes });
  if (loaded.ok) process.stdout.write(`${path} is fine: ${summary(loaded.policy)}\n`);
  else process.stdout.write(loaded.faults.map((fault) => `${wordFault(fault)}\n`).join(""));
  return loaded.ok ? 0 : 1;
}

function summary({ rules, resources }: Policy): string {
  const approvers = rules
    .flatMap((rule) => (rule.decision === "review" ? rule.steps : []))
    .flatMap((step) => step.approvers);
  const people = new Set(approvers).size;
  return [
    counted(rules.length, "rule"),
    counted(resources.size, "resource"),
    `${people} ${people === 1 ? "person" : "people"} can be asked`,
  ].join(", ");
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
