import { z } from "zod";

/** A person, identified by a number of ours; the names and addresses may change, and are only labels. */
export const Person = z.object({
  id: z.number().int(),
  email: z.string(),
  name: z.string(),
  account: z.string().optional(),
});
export type Person = Readonly<z.infer<typeof Person>>;

/** Whether two accounts belong to the same person, whatever they are called. */
export function isSamePerson(a: { readonly id: number }, b: { readonly id: number }): boolean {
  return a.id === b.id;
}

/**
 * Whether a policy's list names the address that somebody shows now: that decides what they may do. Who they are is a question for
 * `isSamePerson`.
 */
export function isListed(addresses: readonly string[], shown: { readonly email: string }): boolean {
  return addresses.includes(shown.email);
}
