/** SQL that formats a time as the audit does: ISO 8601 in UTC, with milliseconds. `time`: a column or an expression. */
export function isoTime(time: string): string {
  return `to_char(${time} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}
