import { policyJsonSchema } from "../../policy/language/json-schema.ts";
import { providerTypes } from "../../providers/registry.ts";

/** `hallpass policy schema`: prints the JSON Schema of a policy file. Resolves with the exit code. */
export async function policySchema(): Promise<number> {
  process.stdout.write(`${JSON.stringify(policyJsonSchema(providerTypes), null, 2)}\n`);
  return 0;
}
