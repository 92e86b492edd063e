import { loadPolicy } from "../../policy/language/load.ts";
import { providerTypes } from "../../providers/registry.ts";
import { readSettings } from "../settings.ts";

/** The text of the policy on disk; empty if there is none or it has faults, because the policies that were in force are in the database. */
export async function todaysPolicy(): Promise<readonly string[]> {
  const loaded = await loadPolicy(readSettings().policyPath, { providerTypes });
  return loaded.ok ? [loaded.policy.text] : [];
}
