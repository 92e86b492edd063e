import { hasReference } from "../../resolve-secrets.ts";

/**
 * Says why a text is not the URL of a PostgreSQL server; never repeats it, because it contains a password. References
 * such as `${ORDERS_DATABASE_URL}` are resolved later, and their values are checked then.
 */
export function addressFault(text: string): string | undefined {
  if (text.startsWith("${")) return undefined;
  const scheme = /^([a-z][a-z0-9+.-]*):/iu.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) return "expected a URL such as postgresql://USER:PASSWORD@HOST/DATABASE";
  if (scheme !== "postgres" && scheme !== "postgresql")
    return `expected a postgres:// or postgresql:// URL, got ${scheme}://`;
  return hasReference(text) || URL.canParse(text)
    ? undefined
    : "expected a postgres:// URL, got one that cannot be read";
}

/** A server's host, without credentials and options: a hint for people, not an identity. */
export function addressOf(url: string): string {
  if (!URL.canParse(url)) return "an address that can't be read";
  const { host, searchParams } = new URL(url);
  return host || searchParams.get("host") || "localhost";
}

/** The parts of a URL that no message may contain. */
export function secretsOf(url: string): readonly string[] {
  if (!URL.canParse(url)) return [url];
  const { password, searchParams } = new URL(url);
  return [password, searchParams.get("password") ?? ""].filter((secret) => secret !== "");
}
