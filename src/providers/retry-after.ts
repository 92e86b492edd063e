/** Maximum wait that a system can ask for, because access may be due to end. */
const maxSeconds = 300;

/**
 * Reads how many seconds an answer asks us to wait, from its `Retry-After` (RFC 9110, 10.2.3): at most 300, `undefined`
 * if it does not say. A date counts from the answer's own `Date`, because the clocks may differ.
 */
export function readRetryAfter(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  now = Date.now(),
): number | undefined {
  const written = headers["retry-after"];
  if (typeof written !== "string") return undefined;
  const seconds = /^\d+$/u.test(written.trim())
    ? Number(written)
    : secondsUntil(written, headers["date"], now);
  return Number.isNaN(seconds) ? undefined : Math.min(Math.max(Math.ceil(seconds), 0), maxSeconds);
}

function secondsUntil(written: string, date: unknown, now: number): number {
  const answered = typeof date === "string" ? Date.parse(date) : Number.NaN;
  return (Date.parse(written) - (Number.isNaN(answered) ? now : answered)) / 1_000;
}
