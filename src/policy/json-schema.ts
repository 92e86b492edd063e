import { z } from "zod";
import type { ProviderTypes } from "./provider-check.ts";
import { PolicyFile, WrittenGrant, WrittenProvider } from "./schema.ts";

const options = { io: "input", target: "draft-7" } as const;

/**
 * The JSON Schema of a policy file, by which editors complete and check it. What refers to something else in the file (an
 * unknown group, say) only `policy check` finds.
 */
export function policyJsonSchema(types: ProviderTypes): object {
  const kinds = Object.values(types);
  return z.toJSONSchema(PolicyFile, {
    ...options,
    override({ zodSchema, jsonSchema }) {
      if (zodSchema === WrittenProvider)
        replace(
          jsonSchema,
          kinds.map((kind) => kind.options),
        );
      if (zodSchema === WrittenGrant)
        replace(
          jsonSchema,
          kinds.map((kind) => kind.target),
        );
    },
  });
}

function replace(schema: z.core.JSONSchema.BaseSchema, alternatives: readonly z.ZodType[]): void {
  for (const key of Object.keys(schema)) delete schema[key];
  schema.anyOf = alternatives.map((alternative) => {
    const { $schema: _, ...rest } = z.toJSONSchema(alternative, options);
    return rest;
  });
}
