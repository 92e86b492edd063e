import { comparePolicies } from "../../policy/diff/compare.ts";
import { wordFault } from "../../policy/language/fault.ts";
import { loadPolicy } from "../../policy/language/load.ts";
import { listed } from "../../policy/language/source.ts";
import { providerTypes } from "../../providers/registry.ts";

/** More people than this are counted, not named. */
const maxNamed = 5;

/**
 * `hallpass policy diff`: prints what changes for whom between two policies. Resolves with the exit code: 1 if either
 * has errors, else 0.
 */
export async function policyDiff(before: string, after: string): Promise<number> {
  const [old, fresh] = await Promise.all([before, after].map((path) => loadPolicy(path, { providerTypes })));
  if (old?.ok !== true || fresh?.ok !== true) {
    const faults = [old, fresh].flatMap((loaded) => (loaded?.ok === false ? loaded.faults : []));
    process.stdout.write(faults.map((fault) => `${wordFault(fault)}\n`).join(""));
    return 1;
  }
  const changes = comparePolicies(old.policy, fresh.policy);
  const lines = changes.map(({ people, what }) =>
    people.length === 0 ? what : `${wordPeople(people)} ${what}`,
  );
  process.stdout.write(`${lines.length === 0 ? "Nothing changes for anybody." : lines.join("\n")}\n`);
  return 0;
}

function wordPeople(people: readonly string[]): string {
  const rest = people.length - maxNamed;
  return rest > 0 ? `${people.slice(0, maxNamed).join(", ")} and ${rest} more` : listed(people);
}
