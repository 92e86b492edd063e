/** SQL for a time as the audit writes it: ISO 8601 in UTC, with milliseconds. `time`: a column, or what gives one. */
export function isoTime(time: string): string {
  return `to_char(${time} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}
