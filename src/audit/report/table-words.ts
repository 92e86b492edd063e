import type { Listed } from "./figures.ts";

/** The note below a list that does not show everything. */
export function moreThan({ rows, total }: Listed<unknown>): { readonly note?: string } {
  return rows.length < total
    ? { note: `The first ${rows.length} of ${total.toLocaleString("en")}; the export has all.` }
    : {};
}

/** `1 request`, `1,200 requests`, `no requests`. */
export function many(count: number, what: string): string {
  return `${count === 0 ? "no" : count.toLocaleString("en")} ${what}${count === 1 ? "" : "s"}`;
}

/** `2026-07-03 14:05`, in the time zone. */
export function wordTime(at: Date, timeZone: string): string {
  // Swedish times are written as in ISO 8601.
  return at.toLocaleString("sv-SE", { timeZone, dateStyle: "short", timeStyle: "short" });
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `3 Aug` for `2026-08-03`. */
export function wordDay(day: string): string {
  const [, month = 1, date] = day.split("-").map(Number);
  return `${date} ${months[month - 1]}`;
}
