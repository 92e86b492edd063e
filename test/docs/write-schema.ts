// `npm run docs:schema`: writes hallpass.schema.json, in the form that `npm run format` wants, and the tables of a rule's keys.
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { format, resolveConfig } from "prettier";
import { policyJsonSchema } from "../../src/policy/language/json-schema.ts";
import { providerTypes } from "../../src/providers/registry.ts";
import { withRuleTables } from "./rule-tables.ts";

const path = fileURLToPath(new URL("../../hallpass.schema.json", import.meta.url));
const schema = JSON.stringify(policyJsonSchema(providerTypes));
await writeFile(path, await format(schema, { ...(await resolveConfig(path)), filepath: path }));

const page = new URL("../../docs/policy-language.md", import.meta.url);
await writeFile(page, withRuleTables(await readFile(page, "utf8")));
