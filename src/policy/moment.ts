export type ReadMoment =
  { readonly ok: true; readonly at: Date } | { readonly ok: false; readonly message: string };

const momentError =
  'expected a time such as "2026-11-21 03:00", or with Z or an offset such as +01:00 after it';

const written = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}(?::\d{2})?)\s*(Z|[+-]\d{2}:\d{2})?$/i;

/**
 * Reads `2026-11-21 03:00`, in the local time of the time zone unless it ends in Z or an offset. A time that occurs twice in autumn
 * is the first of the two; one that is skipped in spring is not accepted.
 */
export function readMoment(text: string, timeZone: string): ReadMoment {
  const [, day = "", time = "", offset] = written.exec(text.trim()) ?? [];
  const asIfUtc = Date.parse(`${day}T${time}Z`);
  // Date.parse reads 30 February as 2 March.
  if (Number.isNaN(asIfUtc) || !new Date(asIfUtc).toISOString().startsWith(day))
    return { ok: false, message: momentError };
  if (offset !== undefined) {
    const at = Date.parse(`${day}T${time}${offset.toUpperCase()}`);
    return Number.isNaN(at) ? { ok: false, message: momentError } : { ok: true, at: new Date(at) };
  }
  // No zone changes its offset twice within two days.
  const candidates = [asIfUtc - dayMs, asIfUtc + dayMs]
    .map((near) => asIfUtc - offsetAt(near, timeZone))
    .filter((at) => at + offsetAt(at, timeZone) === asIfUtc);
  if (candidates.length > 0) return { ok: true, at: new Date(Math.min(...candidates)) };
  return { ok: false, message: `expected a time that clocks in ${timeZone} show: on this day they skip it` };
}

const dayMs = 86_400_000;

/** Formats a moment: `Sat 2026-11-21 03:00 GMT (Europe/London)`. */
export function wordMoment(at: Date, timeZone: string): string {
  const parts = partsAt(at.getTime(), timeZone);
  const { weekday, year, month, day, hour, minute, timeZoneName } = parts;
  return `${weekday} ${year}-${month}-${day} ${hour}:${minute} ${timeZoneName} (${timeZone})`;
}

/** How many milliseconds local time is ahead of UTC. */
function offsetAt(at: number, timeZone: string): number {
  const { year, month, day, hour, minute, second } = partsAt(at, timeZone);
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`) - Math.floor(at / 1000) * 1000;
}

function partsAt(at: number, timeZone: string): Readonly<Record<string, string>> {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    hourCycle: "h23",
    weekday: "short",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    timeZoneName: "short",
  });
  return Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
}
