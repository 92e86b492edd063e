import { formatDate } from "../text/dates.ts";

/** `2026-03-01`: the day a moment (milliseconds) falls on in a zone; for comparing. */
export function dayOf(ms: number, zone: string): string {
  return formatDate("{date_num}", ms / 1000, zone, ms) ?? "";
}

/** `10:04 AM` */
export function timeOf(ms: number, zone: string): string {
  return formatDate("{time}", ms / 1000, zone, ms) ?? "";
}

/** `10:04:59 AM` */
export function timeWithSeconds(ms: number, zone: string): string {
  return formatDate("{time_secs}", ms / 1000, zone, ms) ?? "";
}

/** `Sunday, March 1st, 2026` */
export function dateOf(ms: number, zone: string): string {
  return formatDate("{date_long}", ms / 1000, zone, ms) ?? "";
}

/** `Today`, `Yesterday`, `Sunday, March 1st, 2026`: what a divider says. */
export function dayLabel(ms: number, zone: string, now: number): string {
  const text = formatDate("{date_long_pretty}", ms / 1000, zone, now) ?? "";
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** `today at 10:04 AM` */
export function dayAndTime(ms: number, zone: string, now: number): string {
  return formatDate("{date_short_pretty} at {time}", ms / 1000, zone, now) ?? "";
}

/** `1 d 2 h`, `2 h 5 min`, `4:09`: how long something lasts, coarser the longer it is. */
export function lasting(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  if (days > 0) return joined(days, "d", hours % 24, "h");
  if (hours > 0) return joined(hours, "h", minutes % 60, "min");
  return `${minutes}:${String(seconds % 60).padStart(2, "0")}`;
}

function joined(big: number, bigUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${big} ${bigUnit}` : `${big} ${bigUnit} ${small} ${smallUnit}`;
}
