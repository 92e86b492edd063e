import { z } from "zod";
import { ProviderError } from "../provider.ts";

/** What keeps a text from being a role's name. */
export function nameFault(name: string): string | undefined {
  if (name === "") return "expected the name of a PostgreSQL role, got nothing";
  if (name.includes("\0"))
    return "expected the name of a PostgreSQL role, got a text with a NUL character in it";
  const bytes = Buffer.byteLength(name);
  // PostgreSQL would cut it off and mean another role.
  if (bytes > 63) return `expected the name of a PostgreSQL role, at most 63 bytes long, got ${bytes} bytes`;
  return undefined;
}

/** A name as SQL. */
export function quote(name: string): string {
  const fault = nameFault(name);
  if (fault) throw new ProviderError(fault, { retryable: false });
  return `"${name.replaceAll('"', '""')}"`;
}

const place = /\{(?<name>[^{}]*)\}/gu;
const places = ["email", "local_part", "domain"];

/** How a person is known whom `people:` does not name: the whole address, what stands before the `@`, or made of both. */
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

/** The name somebody with this address goes by, where `people:` has none for them. */
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
