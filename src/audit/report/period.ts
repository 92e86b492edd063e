import { readMoment } from "../../policy/moment.ts";

/** Whole days in the calendar of a time zone. */
export type Period = {
  /** As it was asked for: `2026-Q3`. */
  readonly name: string;
  readonly timeZone: string;
  /** ISO days, inclusive. */
  readonly firstDay: string;
  readonly lastDay: string;
  readonly from: Date;
  /** The instant after its end. */
  readonly until: Date;
};

export type ParsedPeriod =
  { readonly ok: true; readonly period: Period } | { readonly ok: false; readonly fault: string };

const dayMs = 86_400_000;
/** Charts have a bar per week; nobody could read more. */
const mostDays = 731;

/** Reads `2026-Q3`, `2026-03`, `2026`, or `2026-03-01..2026-03-31`. */
export function parsePeriod(text: string, timeZone: string): ParsedPeriod {
  const name = text.trim().toUpperCase();
  const days = daysOf(name);
  if (days === undefined)
    return {
      ok: false,
      fault: `--period must be a quarter such as 2026-Q3, a month such as 2026-03, a year such as 2026, or days such as 2026-03-01..2026-03-31, got ${JSON.stringify(text.slice(0, 60))}.`,
    };
  const [firstDay, lastDay] = days;
  if (firstDay > lastDay)
    return { ok: false, fault: `--period must end on its first day or later, got ${firstDay}..${lastDay}.` };
  if (Date.parse(lastDay) - Date.parse(firstDay) >= mostDays * dayMs)
    return { ok: false, fault: `--period must be two years or shorter, got ${firstDay}..${lastDay}.` };
  const from = midnight(firstDay, timeZone);
  const until = midnight(dayAfter(lastDay, 1), timeZone);
  return { ok: true, period: { name, timeZone, firstDay, lastDay, from, until } };
}

/** The Mondays of the weeks that a period touches, by its own calendar. */
export function weeksOf({ firstDay, lastDay }: Period): readonly string[] {
  const weekday = (new Date(firstDay).getUTCDay() + 6) % 7;
  const weeks: string[] = [];
  for (let monday = dayAfter(firstDay, -weekday); monday <= lastDay; monday = dayAfter(monday, 7))
    weeks.push(monday);
  return weeks;
}

function daysOf(name: string): readonly [string, string] | undefined {
  const range = /^(\d{4}-\d{2}-\d{2})\.\.(\d{4}-\d{2}-\d{2})$/.exec(name);
  if (range) {
    const [, first = "", last = ""] = range;
    return isDay(first) && isDay(last) ? [first, last] : undefined;
  }
  const [, year = "", quarter, month] = /^(\d{4})(?:-Q([1-4])|-(0[1-9]|1[0-2]))?$/.exec(name) ?? [];
  if (year === "" || year < "1970") return undefined;
  if (month !== undefined) return monthsOf(Number(year), Number(month), 1);
  if (quarter !== undefined) return monthsOf(Number(year), Number(quarter) * 3 - 2, 3);
  return monthsOf(Number(year), 1, 12);
}

function monthsOf(year: number, first: number, count: number): readonly [string, string] {
  // Day 0 of a month is the last day of the month before.
  return [isoDay(Date.UTC(year, first - 1, 1)), isoDay(Date.UTC(year, first - 1 + count, 0))];
}

function isDay(text: string): boolean {
  const at = Date.parse(`${text}T00:00:00Z`);
  return text >= "1970" && !Number.isNaN(at) && isoDay(at) === text;
}

function dayAfter(day: string, days: number): string {
  return isoDay(Date.parse(day) + days * dayMs);
}

function isoDay(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

/** When the day begins in the time zone; some zones change their clocks at midnight and skip the hour. */
function midnight(day: string, timeZone: string): Date {
  for (const time of ["00:00", "00:30", "01:00"]) {
    const read = readMoment(`${day} ${time}`, timeZone);
    if (read.ok) return read.at;
  }
  throw new Error(`${day} has no beginning in ${timeZone}`);
}
