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

/**
 * Whether a list of a policy's names the address that somebody shows now: what they may do goes by that. Who they are does not, and
 * is asked of `isSamePerson`.
 */
export function isListed(addresses: readonly string[], shown: { readonly email: string }): boolean {
  return addresses.includes(shown.email);
}
