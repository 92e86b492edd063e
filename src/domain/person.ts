import { z } from "zod";

/** Somebody we know by their e-mail address (normalised where they come in); the same address is the same person. */
export const Person = z.object({
  email: z.string(),
  name: z.string(),
  slackId: z.string().optional(),
});
export type Person = Readonly<z.infer<typeof Person>>;

/** Whether two accounts belong to one human being; where letters only fold to the same, it says so too: better once too often. */
export function isSamePerson(a: { readonly email: string }, b: { readonly email: string }): boolean {
  return a.email.toLowerCase() === b.email.toLowerCase();
}
