import dayjs, { type Dayjs } from "dayjs";
import advancedFormat from "dayjs/plugin/advancedFormat.js";
import timezone from "dayjs/plugin/timezone.js";
import utc from "dayjs/plugin/utc.js";

dayjs.extend(utc);
dayjs.extend(timezone);
dayjs.extend(advancedFormat);

/** The whole moments Slack can write: seconds since 1970 within the years a calendar shows. */
const lastSecond = 253_402_300_799;

/**
 * A moment (seconds since 1970) as Slack writes it for one reader: `format` holds tokens such as `{date_short_pretty}` and
 * `{time}`; `now` is in milliseconds. Undefined where Slack shows the fallback: no such moment, or no token in the format.
 * https://docs.slack.dev/messaging/formatting-message-text#date-formatting
 */
export function formatDate(format: string, unix: number, zone: string, now: number): string | undefined {
  if (!Number.isFinite(unix) || Math.abs(unix) > lastSecond) return undefined;
  const at = inZone(unix * 1000, zone);
  const today = inZone(now, zone);
  let known = false;
  const text = format.replace(/\{(\w+)\}/g, (token, name: string) => {
    const written = write(name, at, today);
    known ||= written !== undefined;
    return written ?? token;
  });
  return known ? text : undefined;
}

/** A moment (seconds since 1970) as `datetime-local` inputs want it, in the reader's zone. */
export function toLocalInput(unix: number, zone: string): string {
  return inZone(unix * 1000, zone).format("YYYY-MM-DDTHH:mm");
}

/** The moment (seconds since 1970) that a `datetime-local` input means; undefined where it is empty. */
export function fromLocalInput(text: string, zone: string): number | undefined {
  if (!/^\d{4,}-\d\d-\d\dT\d\d:\d\d/.test(text)) return undefined;
  const unix = dayjs.tz(text, knownZone(zone)).unix();
  return Number.isFinite(unix) ? unix : undefined;
}

function write(token: string, at: Dayjs, today: Dayjs): string | undefined {
  const pretty = /^date(_short|_long)?_pretty$/.exec(token);
  if (pretty) return nearby(at, today) ?? write(`date${pretty[1] ?? ""}`, at, today);
  switch (token) {
    case "date_num":
      return at.format("YYYY-MM-DD");
    case "date":
      return at.format("MMMM Do, YYYY");
    case "date_short":
      return at.format("MMM D, YYYY");
    case "date_long":
      return at.format("dddd, MMMM Do, YYYY");
    case "time":
      return at.format("h:mm A");
    case "time_secs":
      return at.format("h:mm:ss A");
    case "ago":
      return ago(at, today);
    default:
      return undefined;
  }
}

function nearby(at: Dayjs, today: Dayjs): string | undefined {
  const day = at.format("YYYY-MM-DD");
  if (day === today.format("YYYY-MM-DD")) return "today";
  if (day === shiftedDay(today, 1)) return "tomorrow";
  return day === shiftedDay(today, -1) ? "yesterday" : undefined;
}

/** Calendar arithmetic without a zone: a day is not always 24 hours long. */
function shiftedDay(today: Dayjs, days: number): string {
  return dayjs.utc(today.format("YYYY-MM-DD")).add(days, "day").format("YYYY-MM-DD");
}

function ago(at: Dayjs, today: Dayjs): string {
  const seconds = Math.round((at.valueOf() - today.valueOf()) / 1000);
  const words = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  const unit = units.find(([, length]) => Math.abs(seconds) >= length) ?? (["second", 1] as const);
  return words.format(Math.trunc(seconds / unit[1]), unit[0]);
}

const units = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
] as const;

function inZone(ms: number, zone: string): Dayjs {
  return dayjs(ms).tz(knownZone(zone));
}

/** A zone the runtime does not know would throw in the middle of a message. */
function knownZone(zone: string): string {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone;
  } catch {
    return "UTC";
  }
}
