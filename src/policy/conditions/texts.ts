import { quoted } from "../../domain/text.ts";
import { EvaluationError } from "@marcbachmann/cel-js";
import { Duration } from "@marcbachmann/cel-js/evaluator";
import { compilePattern, type Pattern } from "../../pattern.ts";

// Readers of quoted texts that mean something else in conditions. Each throws an EvaluationError that says what it expected.

const unitMilliseconds: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/** Ten thousand years, the limit of protocol buffers; JavaScript can add more to a date. */
const longestMilliseconds = 315_576_000_000_000;

/** Reads CEL's durations, such as `1h30m`, `-90s` or `1.5h`, to the millisecond. */
export function readDuration(text: string): Duration {
  let total = 0;
  for (const [, amount, unit = ""] of text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)/g))
    total += Number(amount) * (unitMilliseconds[unit] ?? 0);
  if (!/^[+-]?(?:\d+(?:\.\d+)?(?:h|ms|m|s))+$/.test(text) || total > longestMilliseconds) {
    const hint = /\dd/.test(text) ? '; CEL counts no days, a day is "24h"' : "";
    throw new EvaluationError(`expected a duration such as "1h30m", got ${quoted(text)}${hint}`);
  }
  const milliseconds = Math.round(text.startsWith("-") ? -total : total);
  const seconds = Math.floor(milliseconds / 1000);
  // The library's sums are right only if nanoseconds are not negative, even when seconds are.
  return new Duration(seconds, (milliseconds - seconds * 1000) * 1_000_000);
}

/** Reads RFC 3339 times, in whole seconds and never in the server's own zone. */
export function readTimestamp(text: string): Date {
  const written = /^(\d{4}-\d\d-\d\d)T\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d)$/.exec(text);
  const time = new Date(written ? text : Number.NaN);
  // JavaScript reads 30 February as 2 March.
  const day = new Date(`${written?.[1]}T00:00:00Z`);
  if (
    !Number.isNaN(time.getTime()) &&
    !Number.isNaN(day.getTime()) &&
    day.toISOString().startsWith(written?.[1] ?? "-")
  )
    return time;
  throw new EvaluationError(`expected a time such as "2026-03-29T01:00:00Z", got ${quoted(text)}`);
}

/** Reads a whole number, in the range of CEL's `int`. */
export function readInteger(text: string): bigint {
  if (/^-?\d{1,19}$/.test(text)) {
    const value = BigInt(text);
    if (BigInt.asIntN(64, value) === value) return value;
  }
  throw new EvaluationError(`expected a whole number, got ${quoted(text)}`);
}

const mostPatterns = 1000;
const patterns = new Map<string, Pattern>();

/** Compiles a pattern, once per text; texts come from policies, never from people who ask for access. */
export function readPattern(text: string): Pattern {
  const known = patterns.get(text);
  if (known) return known;
  const compiled = compilePattern(text);
  if (!compiled.ok) throw new EvaluationError(compiled.why);
  if (patterns.size >= mostPatterns) patterns.clear();
  patterns.set(text, compiled.pattern);
  return compiled.pattern;
}

const clocks = new Map<string, Intl.DateTimeFormat>();

/** Returns a formatter for the local time of an IANA zone. */
export function readZone(text: string): Intl.DateTimeFormat {
  const known = clocks.get(text);
  if (known) return known;
  try {
    // Intl may also accept offsets (+01:00), which have no summer time.
    if (!/^[a-z]/i.test(text)) throw new RangeError("not a name");
    const clock = new Intl.DateTimeFormat("en-US", {
      timeZone: text,
      calendar: "gregory",
      numberingSystem: "latn",
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    clocks.set(text, clock);
    return clock;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new EvaluationError(`expected an IANA time zone such as "Europe/London", got ${quoted(text)}`);
  }
}

/** The local time of a zone, as a date whose UTC fields hold it. */
export function wallClock(at: Date, zone: string): Date {
  // en-US writes 3/29/2026, 01:00:00; parsing that is three times as fast as asking for the parts.
  const [month = 0, day = 0, year = 0, ...time] = (readZone(zone).format(at).match(/\d+/g) ?? []).map(Number);
  return new Date(Date.UTC(year, month - 1, day, ...time));
}
