import { z } from "zod";
import { ProviderError } from "../provider.ts";

/** Says why a text is not a role's name. */
export function nameFault(name: string): string | undefined {
  if (name === "") return "expected the name of a PostgreSQL role, got nothing";
  if (name.includes("\0"))
    return "expected the name of a PostgreSQL role, got a text with a NUL character in it";
  const bytes = Buffer.byteLength(name);
  // PostgreSQL would truncate it and mean another role.
  if (bytes > 63) return `expected the name of a PostgreSQL role, at most 63 bytes long, got ${bytes} bytes`;
  return undefined;
}

/** Quotes a name for SQL. */
export function quote(name: string): string {
  const fault = nameFault(name);
  if (fault) throw new ProviderError(fault, { retryable: false });
  return `"${name.replaceAll('"', '""')}"`;
}

const place = /\{(?<name>[^{}]*)\}/gu;
const places = ["email", "local_part", "domain"];

/**
 * The role name of a person not named in `people:`: the whole address, the part before the `@`, or a text made of its
 * parts.
 */
export const SubjectForm = z
  .string()
  .refine((form) => form === "email" || form === "local_part" || formFault(form) === undefined, {
    error: (issue) => formFault(String(issue.input)),
  });

function formFault(form: string): string | undefined {
  const names = [...form.matchAll(place)].map(({ groups }) => groups?.["name"] ?? "");
  const unknown = names.find((name) => !places.includes(name));
  const expected = "expected email, local_part, or a text with {local_part}, {domain} or {email} in it";
  if (unknown !== undefined) return `${expected}, got {${unknown}}`;
  return names.length > 0 && !/[{}]/u.test(form.replaceAll(place, "")) ? undefined : expected;
}

/** The role name of somebody with this address, if `people:` has none for them. */
export function subjectFor(options: { readonly subject?: string | undefined }, email: string): string {
  const at = email.lastIndexOf("@");
  const parts: Readonly<Record<string, string>> = {
    email,
    local_part: at < 0 ? email : email.slice(0, at),
    domain: at < 0 ? "" : email.slice(at + 1),
  };
  const form = options.subject ?? "local_part";
  return parts[form] ?? form.replaceAll(place, (_, name: string) => parts[name] ?? "");
}
