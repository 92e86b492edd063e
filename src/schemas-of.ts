import type { z } from "zod";

type Table<Keys> = { readonly [Key in keyof Keys]: { readonly schema: z.ZodType } };

/** The schema of each entry of a table, as the shape of an object. */
export function schemasOf<Entries extends Table<Entries>>(
  entries: Entries,
): { -readonly [Key in keyof Entries]: Entries[Key]["schema"] } {
  type Schemas = { -readonly [Key in keyof Entries]: Entries[Key]["schema"] };
  const schemas: Partial<Schemas> = {};
  for (const key in entries) schemas[key] = entries[key].schema;
  // The compiler cannot know that the loop met every key.
  const isWhole = (some: Partial<Schemas>): some is Schemas =>
    Object.keys(entries).every((key) => key in some);
  if (!isWhole(schemas)) throw new Error("expected a schema in each entry");
  return schemas;
}
