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
