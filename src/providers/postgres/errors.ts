import { type Failure, readError } from "../caller.ts";

// https://www.postgresql.org/docs/current/errcodes-appendix.html: connections (08), resources (53), shutdown and "cannot
// connect now" (57P), timeout (57014), idle in a transaction (25P03), read-only standby (25006), conflicts (40, 55P03), two
// at the same row (XX000).
const passing = /^(?:08\w{3}|53\w{3}|57P\w{2}|57014|25P03|25006|40\w{3}|55P03|XX000)$/;

/** Classifies a failure of PostgreSQL, or of reaching it: retryable unless the server refused. */
export function classify(error: unknown, host: string): Failure {
  const { message, code, severity } = readError(error);
  // Only the server gives a severity; any other error is about reaching it.
  if (severity !== undefined && code !== undefined) return { message, retryable: passing.test(code) };
  return {
    message: `PostgreSQL at ${host} can't be reached: ${message}`,
    retryable: !message.startsWith("SASL"),
  };
}

/** Whether the server refused what it was asked, in time; not that it could not be reached, or is going away. */
export function isAnswer(error: unknown): boolean {
  const { code, severity } = readError(error instanceof Error ? error.cause : undefined);
  return severity !== undefined && code !== undefined && !/^(?:08|53|57)/.test(code);
}

/** Whether an error has this code of the server's: https://www.postgresql.org/docs/current/errcodes-appendix.html. */
export function hasCode(error: unknown, code: string): boolean {
  return readError(error).code === code;
}
