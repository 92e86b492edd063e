import { z } from "zod";
import { eventData } from "../../domain/audit-event.ts";
import { parseDuration } from "../../domain/duration.ts";
import { storable } from "../../domain/text.ts";
import { didYouMean } from "../../policy/language/nearest.ts";
import { isEmail, normalEmail } from "../../policy/principal.ts";

export type ExportFormat = z.infer<typeof ExportFormat>;
export const ExportFormat = z.enum(["csv", "jsonl", "json"]);

export type ExportFilters = {
  /** Events at this time or later. */
  readonly since?: Date;
  /** Events before this time. */
  readonly until?: Date;
  /** The requester's or the actor's e-mail address, in any case; `person-7` for an erased person. */
  readonly user?: string;
  /** A resource's name. */
  readonly resource?: string;
  /** A rule's name. */
  readonly rule?: string;
  /** An event type: `request.approved`, or `request` for all that begin with it. */
  readonly type?: string;
  readonly format: ExportFormat;
};

export type ParsedFilters =
  { readonly ok: true; readonly filters: ExportFilters } | { readonly ok: false; readonly fault: string };

const names = ["since", "until", "user", "resource", "rule", "type", "format"] as const;
type FilterName = (typeof names)[number];

const offer =
  "Allowed are since and until (30d, 2026-03-01 or 2026-03-01T09:00Z), user (an e-mail address), resource and rule (their " +
  "names), type (request, request.approved) and format (csv, jsonl or json)";

/** Reads the words after `export`: `since 30d format csv user alice@example.com resource orders-db`, in any order. */
export function parseExportFilters(words: readonly string[], now: Date): ParsedFilters {
  const written: { [Name in FilterName]?: string } = {};
  for (let index = 0; index < words.length; index += 2) {
    const [word = "", value] = words.slice(index, index + 2);
    const name = names.find((each) => each === plain(word));
    if (name === undefined) return unknownWord(word);
    if (value === undefined) return fault(`${name} needs a value after it. ${offer}.`);
    if (written[name] !== undefined) return fault(`${name} is given twice; give it once.`);
    written[name] = value;
  }
  return readExportFilters(written, now);
}

/** How a filter is spelt where it was written: `since`, or `--since`. */
export type Naming = (name: string) => string;

export const asWord: Naming = (name) => name;

/** Checks filters as people write them; the format defaults to CSV. Durations count back from `now`. */
export function readExportFilters(
  written: { readonly [Name in FilterName]?: string | undefined },
  now: Date,
  called: Naming = asWord,
): ParsedFilters {
  const since = written.since === undefined ? undefined : readTime(written.since, now, "since");
  if (since === null) return fault(timeFault(called("since"), written.since));
  const until = written.until === undefined ? undefined : readTime(written.until, now, "until");
  if (until === null) return fault(timeFault(called("until"), written.until));
  if (since && until && since >= until)
    return fault(`${called("since")} must be earlier than ${called("until")}.`);
  const user = written.user === undefined ? undefined : userIn(written.user);
  if (user === null)
    return fault(`${called("user")} must be an e-mail address, got ${quoted(written.user)}.`);
  const format = ExportFormat.safeParse((written.format ?? "csv").toLowerCase()).data;
  if (!format) return fault(formatFault(called("format"), written.format));
  const type = written.type === undefined ? undefined : typeIn(written.type);
  if (type === null) return fault(typeFault(called("type"), written.type));
  const named: { resource?: string; rule?: string } = {};
  for (const name of ["resource", "rule"] as const) {
    const value = written[name]?.trim();
    if (value === "") return fault(`${called(name)} must be a ${name}'s name, got nothing.`);
    if (value !== undefined) named[name] = storable(value);
  }
  const times = { ...(since && { since }), ...(until && { until }) };
  return { ok: true, filters: { format, ...times, ...(user && { user }), ...named, ...(type && { type }) } };
}

/** The filters as the audit records them when somebody exports; the format is recorded beside them. */
export function recordedFilters({
  since,
  until,
  user,
  resource,
  rule,
  type,
}: ExportFilters): Readonly<Record<string, string>> {
  const all = { since: since?.toISOString(), until: until?.toISOString(), user, resource, rule, type };
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

export const Day = z.iso.date();
const zone = { offset: true, local: true };
const Instant = z.union([z.iso.datetime(zone), z.iso.datetime({ ...zone, precision: -1 })]);
const daySeconds = 86_400;

/** Reads a duration back from now, a day, or an instant (in UTC unless it says otherwise); `null` if it is none of these. */
export function readTime(text: string, now: Date, name: "since" | "until"): Date | null {
  const seconds = parseDuration(text);
  if (seconds !== undefined) return back(now, seconds);
  if (Day.safeParse(text).success) {
    // "until 2026-03-31" means to the end of that day.
    return back(new Date(`${text}T00:00:00Z`), name === "until" ? -daySeconds : 0);
  }
  const instant = text.toUpperCase();
  if (!Instant.safeParse(instant).success) return null;
  return new Date(/(?:Z|[+-]\d\d:\d\d)$/.test(instant) ? instant : `${instant}Z`);
}

/** Counts back from a time, but not before 1970: no log reaches back that far, and durations may. */
export function back(from: Date, seconds: number): Date {
  return new Date(Math.max(0, from.getTime() - seconds * 1_000));
}

/** The error message for a time that `readTime` does not understand. */
export function timeFault(name: string, text: string | undefined): string {
  return `${name} must be a duration back from now such as 30d or 12h, a day such as 2026-03-01, or a time such as 2026-03-01T09:00Z (UTC), got ${quoted(text)}.`;
}

function formatFault(name: string, text: string | undefined): string {
  const mend = didYouMean(text ?? "", ExportFormat.options, quoted);
  return `${name} must be csv, jsonl or json, got ${quoted(text)}${mend || "."}`;
}

const eventTypes = Object.keys(eventData);
const typeGroups = [...new Set(eventTypes.map((type) => type.slice(0, type.indexOf("."))))];

/** An event type, or what several begin with; `null` if there is none. */
function typeIn(text: string): string | null {
  const type = text.trim().toLowerCase();
  return eventTypes.includes(type) || typeGroups.includes(type) ? type : null;
}

function typeFault(name: string, text: string | undefined): string {
  const mend = didYouMean(text ?? "", [...eventTypes, ...typeGroups], quoted);
  return `${name} must be a kind of event such as request.approved, or ${typeGroups.join(", ")}, got ${quoted(text)}${mend || "."}`;
}

/** Reads an address, or an erased person: `erased person 7`, `person-7`. `null` if it is neither. */
export function userIn(text: string): string | null {
  const person = /^(?:erased[ -])?person[ -](\d{1,9})$/i.exec(text.trim())?.[1];
  return person === undefined ? emailIn(text) : `person-${Number(person)}`;
}

/** Slack turns addresses into links: `<mailto:alice@example.com|alice@example.com>`. */
function emailIn(text: string): string | null {
  const address = normalEmail(/^<mailto:([^|>]+)(?:\|[^>]*)?>$/.exec(text)?.[1] ?? text);
  return isEmail(address) ? address : null;
}

function unknownWord(word: string): ParsedFilters {
  const mend = didYouMean(plain(word), names, quoted);
  return fault(`${quoted(word)} is not a filter${mend || "."} ${offer}.`);
}

/** People write `--since` as on the command line, and Slack turns the hyphens into one long dash. */
function plain(word: string): string {
  return word.toLowerCase().replace(/^[-–—]+/, "");
}

/** Quotes what somebody typed, cut to 60 characters. */
export function quoted(text = ""): string {
  const short = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  return `“${short}”`;
}

function fault(text: string): ParsedFilters {
  return { ok: false, fault: text };
}
