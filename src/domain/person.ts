import { z } from "zod";

/** A human being, by a number of ours; whatever they are called may change, and names them only. */
export const Person = z.object({
  id: z.number().int(),
  email: z.string(),
  name: z.string(),
  slackId: z.string().optional(),
});
export type Person = Readonly<z.infer<typeof Person>>;

/** Whether two accounts belong to one human being, whatever they are called. */
export function isSamePerson(a: { readonly id: number }, b: { readonly id: number }): boolean {
  return a.id === b.id;
}
