import { z } from "zod";
import { ruleKeys } from "../../src/policy/language/rule-keys.ts";
import { code, table } from "./markdown.ts";

/** A page with the tables of a rule's keys between its markers, such as `<!-- keys with allow, review -->` and `<!-- end -->`. */
export function withRuleTables(page: string): string {
  const rows = new Map<string, (readonly string[])[]>();
  for (const [key, { goesWith = ["any decision"], schema }] of Object.entries(ruleKeys)) {
    const name = goesWith.join(", ");
    rows.set(name, [...(rows.get(name) ?? []), ...rowsOf(key, z.toJSONSchema(schema, { io: "input" }))]);
  }
  const filled = page.replace(/(<!-- keys with ([^>]*) -->\n).*?(?=<!-- end -->)/gsu, (_, marker, name) => {
    const found = rows.get(name);
    if (!found) throw new Error(`expected one of ${[...rows.keys()].join("; ")} in ${marker}`);
    rows.delete(name);
    return `${marker}\n${table(["key", "meaning"], found)}\n\n`;
  });
  if (rows.size > 0) throw new Error(`expected markers for keys with ${[...rows.keys()].join("; ")}`);
  return filled;
}

/** A row for a key, and one for each key under it. */
function rowsOf(
  key: string,
  { description, properties = {} }: z.core.JSONSchema.JSONSchema,
): readonly (readonly string[])[] {
  if (description === undefined) throw new Error(`expected a description of ${key}`);
  return [
    [code(key), description.replace(/[*|]/gu, String.raw`\$&`)],
    ...Object.entries(properties).flatMap(([inner, schema]) =>
      typeof schema === "boolean" ? [] : rowsOf(`${key}.${inner}`, schema),
    ),
  ];
}
