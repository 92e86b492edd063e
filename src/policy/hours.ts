import { z } from "zod";

/** The days as policies write them; a week begins on Monday. */
const dayNames = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

const minutesOfDay = 24 * 60;

/** When a rule is in force: on these days, in this part of the day, in the local time of the policy's time zone. */
export type Hours = {
  /** 0 is Monday. The day on which the period begins: 22:00 to 06:00 on Friday ends on Saturday morning. */
  readonly days: ReadonlySet<number>;
  /** Minutes since midnight, end exclusive. An end at or before the beginning is on the next day. */
  readonly fromMinute: number;
  readonly toMinute: number;
};

const daysError = "expected days such as mon-fri, sat or mon,wed,fri";

const Days = z.string({ error: daysError }).transform((text, context): ReadonlySet<number> => {
  const days = text.split(",").map((part) => readDays(part.trim()));
  if (days.every((part) => part !== undefined)) return new Set(days.flat());
  context.addIssue({ code: "custom", message: daysError });
  return z.NEVER;
});

function readDays(text: string): readonly number[] | undefined {
  const names = text.split("-").map((name) => indexOfDay(name.trim()));
  const [first, last] = [names.at(0), names.at(-1)];
  if (first === undefined || last === undefined || names.length > 2) return undefined;
  // fri-mon wraps around the end of the week.
  return Array.from({ length: ((last - first + 7) % 7) + 1 }, (_, index) => (first + index) % 7);
}

function indexOfDay(name: string): number | undefined {
  const index = dayNames.findIndex((day) => day === name.toLowerCase());
  return index === -1 ? undefined : index;
}

function timeOfDay(latest: "23:59" | "24:00") {
  const error = `expected a time of day such as "09:00", at most "${latest}"`;
  return z.string({ error }).transform((text, context) => {
    const [, hours, minutes] = /^(\d{2}):([0-5]\d)$/.exec(text) ?? [];
    const minute = Number(hours) * 60 + Number(minutes);
    // Two digits each, so that texts compare like times.
    if (minute <= minutesOfDay && text <= latest) return minute;
    context.addIssue({ code: "custom", message: error });
    return z.NEVER;
  });
}

/** `hours:` of a rule: at least the days or the time of day. */
export const WrittenHours = z
  .strictObject({
    days: Days.optional().describe("Such as mon-fri or sat,sun; every day unless told."),
    from: timeOfDay("23:59").optional().describe('Such as "09:00", in the time zone of the settings.'),
    to: timeOfDay("24:00")
      .optional()
      .describe("The first minute after; where it is not later than from, on the next day."),
  })
  .refine(({ days, from, to }) => days !== undefined || from !== undefined || to !== undefined, {
    error: "expected days, from and to, or all of them",
  })
  .refine(({ from, to }) => from === undefined || to === undefined || from !== to, {
    error: "expected a time of day that lasts: from and to are the same",
  })
  .transform(({ days, from, to }): Hours => ({
    days: days ?? new Set(dayNames.keys()),
    fromMinute: from ?? 0,
    toMinute: to ?? minutesOfDay,
  }));

/** Whether a moment is within the hours, in local time. */
export function isWithin(hours: Hours, at: Date, timeZone: string): boolean {
  const { day, minute } = wallClock(at, timeZone);
  const { days, fromMinute, toMinute } = hours;
  if (fromMinute < toMinute) return days.has(day) && minute >= fromMinute && minute < toMinute;
  const isEvening = days.has(day) && minute >= fromMinute;
  const isMorningAfter = days.has((day + 6) % 7) && minute < toMinute;
  return isEvening || isMorningAfter;
}

type WallClock = { readonly day: number; readonly minute: number };

const formats = new Map<string, Intl.DateTimeFormat>();
/** Cached: a thousand rules ask about the same moment, and reading a clock takes as long as everything else about a rule. */
let latest: { readonly atMs: number; readonly timeZone: string; readonly shows: WallClock } | undefined;

/** The day (0 is Monday) and the minute of the day in local time, including summer time. */
export function wallClock(at: Date, timeZone: string): WallClock {
  const atMs = at.getTime();
  if (latest?.atMs !== atMs || latest.timeZone !== timeZone)
    latest = { atMs, timeZone, shows: readClock(at, timeZone) };
  return latest.shows;
}

function readClock(at: Date, timeZone: string): WallClock {
  const format =
    formats.get(timeZone) ??
    new Intl.DateTimeFormat("en-GB", {
      timeZone,
      weekday: "short",
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
    });
  formats.set(timeZone, format);
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value] as const));
  const day = indexOfDay(parts.get("weekday") ?? "");
  if (day === undefined) throw new Error(`Intl named no day in ${timeZone}`);
  return { day, minute: Number(parts.get("hour")) * 60 + Number(parts.get("minute")) };
}

/** Formats hours for people: `mon-fri 09:00 to 18:00`. */
export function wordHours({ days, fromMinute, toMinute }: Hours): string {
  const time =
    fromMinute === 0 && toMinute === minutesOfDay ? "" : ` ${clock(fromMinute)} to ${clock(toMinute)}`;
  return `${wordDays(days)}${time}`.trim();
}

function clock(minute: number): string {
  const part = (value: number): string => String(Math.trunc(value)).padStart(2, "0");
  return `${part(minute / 60)}:${part(minute % 60)}`;
}

function wordDays(days: ReadonlySet<number>): string {
  if (days.size === 7) return "daily";
  const begins = [...days].filter((day) => !days.has((day + 6) % 7)).toSorted((a, b) => a - b);
  return begins
    .map((first) => {
      let last = first;
      while (days.has((last + 1) % 7)) last = (last + 1) % 7;
      return first === last ? dayNames[first] : `${dayNames[first]}-${dayNames[last]}`;
    })
    .join(",");
}
