import { z } from "zod";
import { Name } from "./language/words.ts";

/**
 * Normalises an address for comparison. Lower-cases A to Z only: full Unicode folding would turn a look-alike such as the Kelvin
 * sign into somebody else's address.
 */
export function normalEmail(email: string): string {
  return email.trim().replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** HTML's definition: https://html.spec.whatwg.org/multipage/input.html#email-state-(type=email) */
const emailPattern =
  /^[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/i;

/** Whether a text is an e-mail address, as in policies and Slack profiles. */
export function isEmail(text: string): boolean {
  return text.length <= 254 && emailPattern.test(text);
}

/** The part before the `@`. */
export function localPart(email: string): string {
  return email.slice(0, email.indexOf("@"));
}

/** An e-mail address, normalised for comparison. */
export const Email = z
  .string({ error: "expected an e-mail address" })
  .refine(isEmail, { error: "expected an e-mail address" })
  .transform(normalEmail);

const groupPrefix = "group:";

/** The group that a principal names, if it names one. */
export function groupOf(principal: string): string | undefined {
  return principal.startsWith(groupPrefix) ? principal.slice(groupPrefix.length) : undefined;
}

function isApprover(text: string): boolean {
  const group = groupOf(text);
  return group === undefined ? isEmail(text) : Name.safeParse(group).success;
}

const principalError = "expected group:NAME, an e-mail address or everyone";

/** A principal: `group:NAME`, an e-mail address, or `everyone`. */
export const Principal = z
  .string({ error: principalError })
  .refine((text) => text === "everyone" || isApprover(text), { error: principalError })
  .transform((text) => (groupOf(text) === undefined ? normalEmail(text) : text));

const approverError = "expected group:NAME or an e-mail address; approvers are people who can be listed";

/** Somebody who may approve. Not `everyone`: a step counts distinct, known people. */
export const Approver = z
  .string({ error: approverError })
  .refine(isApprover, { error: approverError })
  .transform((text) => (groupOf(text) === undefined ? normalEmail(text) : text));

const notifyError = "expected none, on-call or group:NAME";

/** Whom a step pings, independently of who may decide it. */
export const Notify = z.string({ error: notifyError }).refine(
  (text) => {
    const group = groupOf(text);
    return group === undefined ? text === "none" || text === "on-call" : Name.safeParse(group).success;
  },
  { error: notifyError },
);
