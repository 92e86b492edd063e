// `npm run docs:schema`: writes hallpass.schema.json from the policy's schemas.
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { format, resolveConfig } from "prettier";
import { policyJsonSchema } from "../../src/policy/json-schema.ts";
import { providerTypes } from "../../src/providers/registry.ts";

const path = fileURLToPath(new URL("../../hallpass.schema.json", import.meta.url));
const options = await resolveConfig(path);
await writeFile(
  path,
  await format(JSON.stringify(policyJsonSchema(providerTypes), null, 2), { ...options, filepath: path }),
);
