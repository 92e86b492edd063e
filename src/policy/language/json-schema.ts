import { z } from "zod";
import type { ProviderTypes } from "./provider-check.ts";
import { PolicyFile, WrittenGrant, WrittenProvider } from "./schema.ts";

type JsonSchema = z.core.JSONSchema.BaseSchema;

const options = { io: "input", target: "draft-7" } as const;

/**
 * The JSON Schema of a policy file, with which editors complete and check it. Only `policy check` finds faulty references within
 * the file (an unknown group, say), and a `grant` that does not fit its own provider, whose type is elsewhere in the file.
 */
export function policyJsonSchema(types: ProviderTypes): object {
  const kinds = Object.entries(types);
  return z.toJSONSchema(PolicyFile, {
    ...options,
    override({ zodSchema, jsonSchema }) {
      if (zodSchema === WrittenProvider)
        replace(
          jsonSchema,
          kinds.map(([type, kind]) => ({ title: kind.title, ...withType(type, schemaOf(kind.options)) })),
        );
      if (zodSchema === WrittenGrant)
        replace(
          jsonSchema,
          distinct(kinds.map(([, kind]) => ({ title: kind.title, ...schemaOf(kind.target) }))),
        );
    },
  });
}

function schemaOf(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, options);
  return rest;
}

/** The schema of an entry, made from that of its options. Those are strict, so the key goes in among theirs. */
function withType(type: string, schema: JsonSchema): JsonSchema {
  if (schema.anyOf) return { ...schema, anyOf: schema.anyOf.map((one) => withType(type, one)) };
  return {
    ...schema,
    properties: { type: { type: "string", const: type }, ...schema.properties },
    required: ["type", ...(schema.required ?? [])],
  };
}

/** Each schema once, under the titles of all that share it. */
function distinct(schemas: readonly JsonSchema[]): readonly JsonSchema[] {
  const titles = new Map<string, string[]>();
  for (const { title = "", ...rest } of schemas) {
    const key = JSON.stringify(rest);
    titles.set(key, [...(titles.get(key) ?? []), title]);
  }
  return [...titles].map(([key, each]) => ({ title: each.join("; "), ...JSON.parse(key) }));
}

function replace(schema: JsonSchema, alternatives: readonly JsonSchema[]): void {
  for (const key of Object.keys(schema)) delete schema[key];
  schema.anyOf = [...alternatives];
}
