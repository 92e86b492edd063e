import { maskPassword } from "../mask-password.ts";
import { ProviderError } from "./provider.ts";

// https://www.postgresql.org/docs/current/errcodes-appendix.html: connections (08), resources (53), shutdown and "cannot
// connect now" (57P), timeout (57014), read-only standby (25006), conflicts (40, 55P03), two at the same row (XX000).
const passing = /^(?:08\w{3}|53\w{3}|57P\w{2}|57014|25006|40\w{3}|55P03|XX000)$/;

/** Words a failure of PostgreSQL, or of reaching it, without the URL's password; `retryable` unless the server said no. */
export function asProviderError(error: unknown, url: string): ProviderError {
  if (error instanceof ProviderError) return error;
  const [message, code, severity] = ["message", "code", "severity"].map((name) => property(error, name));
  const words = redact(typeof message === "string" && message ? message : String(code ?? error), url);
  // A severity is given by the server only: everything else is about reaching it.
  const answered = typeof severity === "string" && typeof code === "string";
  if (answered) return new ProviderError(words, { retryable: passing.test(code), cause: error });
  return new ProviderError(`PostgreSQL at ${hostOf(url)} can't be reached: ${words}`, {
    retryable: !words.startsWith("SASL"),
    cause: error,
  });
}

/** Whether the server said no to what it was asked, in time; not that it could not be reached, or is going away. */
export function isAnswer(error: unknown): boolean {
  const [code, severity] = ["code", "severity"].map((name) => property(property(error, "cause"), name));
  return typeof severity === "string" && typeof code === "string" && !/^(?:08|53|57)/.test(code);
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host || "localhost" : "an address that can't be read";
}

function redact(text: string, url: string): string {
  return URL.canParse(url) ? maskPassword(text, url) : text.replaceAll(url, "***");
}

function property(error: unknown, name: string): unknown {
  return typeof error === "object" && error !== null ? Reflect.get(error, name) : undefined;
}
