import type { ExportFilters, ExportFormat } from "./filters.ts";
import { isoTime } from "../iso-time.ts";

/** The columns of a CSV file, which are also the keys of a JSON object, and where each value comes from. */
export const auditFields = [
  { name: "seq", sql: "e.seq", about: "place in the log; grows, may have gaps" },
  {
    name: "at",
    sql: isoTime("e.at"),
    about: "when, by the database's clock: ISO 8601 in UTC with milliseconds",
  },
  { name: "type", sql: "e.type", isOpen: true, about: "what happened, such as request.approved" },
  {
    name: "request",
    // Events written before they carried the number take it from the request's row.
    sql: "'AR-' || coalesce(e.request_number, r.number)",
    about: "the request as people name it: AR-1042",
  },
  { name: "request_id", sql: "e.request_id", about: "the request's UUID" },
  { name: "grant_id", sql: "e.grant_id", about: "the grant's UUID" },
  {
    name: "actor",
    sql: "case e.actor_kind when 'person' then e.actor_email else e.actor_kind end",
    isOpen: true,
    about:
      "who did it: an e-mail address, `policy` (an allow rule), `hallpass` (a deadline, an outcome) or `erased person 7`",
  },
  {
    name: "actor_slack_id",
    sql: "e.actor_slack_id",
    isOpen: true,
    about: "who did it, by Slack's id",
  },
  {
    name: "requester",
    sql: "e.requester_email",
    isOpen: true,
    about: "whose request it is, by e-mail address",
  },
  { name: "resource", sql: "e.resource", isOpen: true, about: "the resource's name in the policy" },
  { name: "role", sql: "e.role", isOpen: true, about: "the role's name in the policy" },
  { name: "rule", sql: "e.rule", isOpen: true, about: "the name of the rule that matched the request" },
  {
    name: "policy_version",
    sql: "e.policy_version",
    about: "SHA-256 of the policy text it was decided under",
  },
  { name: "data", sql: "e.data", about: "what else this type of event tells, as JSON" },
] as const;

/**
 * Settings for the export's transaction. Events of one request are close together in the log, so a nested loop that remembers the
 * last few requests finds nearly every one, and keeps the log's order; any other join would read all of them first and sort
 * afterwards.
 */
export const exportSettings = "set local enable_hashjoin = off; set local enable_mergejoin = off";

/** A range of the log, by `seq`. */
export type LogRange = {
  /** Only events after this one; it and all before it have been written. */
  readonly after?: number | undefined;
  /** Only events up to and including this one. */
  readonly last?: number | undefined;
};

/**
 * The statement that writes the events which pass the filters, in log order. PostgreSQL formats them, with tokens left in.
 * `literal` quotes a value, because COPY takes no parameters.
 */
export function copyEvents(
  filters: ExportFilters,
  persons: readonly number[],
  literal: (text: string) => string,
  range: LogRange = {},
): string {
  return copyAs[filters.format](chosenBy(filters, persons, literal, range), range.after === undefined);
}

/** The statement that counts, as `rows`, what `copyEvents` writes. */
export function countEvents(
  filters: ExportFilters,
  persons: readonly number[],
  literal: (text: string) => string,
  range: LogRange,
): string {
  return `select count(*)::float8 as rows from audit_events e${chosenBy(filters, persons, literal, range)}`;
}

function chosenBy(
  filters: ExportFilters,
  persons: readonly number[],
  literal: (text: string) => string,
  { after, last }: LogRange,
): string {
  const where = [
    ...conditions(filters, persons, literal),
    ...(after === undefined ? [] : [`e.seq > ${after}`]),
    ...(last === undefined ? [] : [`e.seq <= ${last}`]),
  ];
  return where.length === 0 ? "" : ` where ${where.join(" and ")}`;
}

const copyAs: Readonly<Record<ExportFormat, (chosen: string, isBeginning: boolean) => string>> = {
  csv: (chosen, isBeginning) => {
    const columns = auditFields.map((field) => `${inertSql(field)} as ${field.name}`);
    // `data` is converted to text once per event; `offset 0` keeps it from being converted again at each use.
    return `copy (select ${columns.join(", ")}
      from (select e.*, e.data::text as data_text from audit_events e${chosen} order by e.seq offset 0) e ${requestOf}
      order by e.seq) to stdout with (format csv, header ${isBeginning})`;
  },
  jsonl: copyJson,
  json: copyJson,
};

const requestOf = "left join access_requests r on r.id = e.request_id and e.request_number is null";

/** JSON holds no control characters, so neither the quote nor the delimiter is ever written. */
function copyJson(chosen: string): string {
  const columns = auditFields.map(({ name, sql }) => `${sql} as ${name}`);
  return `copy (select row_to_json(t) from (select ${columns.join(", ")}
    from audit_events e ${requestOf}${chosen} order by e.seq) t)
    to stdout with (format csv, delimiter e'\\x02', quote e'\\x01')`;
}

/** What spreadsheets take for the start of a formula: = + - @, tab, carriage return, and the full-width ones. */
const formulaStarts = [0x3d, 0x2b, 0x2d, 0x40, 0x09, 0x0d, 0xff1d, 0xff0b, 0xff0d, 0xff20];

/** Puts an apostrophe before cells that a spreadsheet would run. */
function inertSql(field: { readonly name: string; readonly sql: string; readonly isOpen?: true }): string {
  const { name, sql } = field;
  // Where `;` separates cells (Excel in much of Europe), one inside this cell could begin a formula.
  if (name === "data") {
    return `case when strpos(e.data_text, ';') = 0 then e.data_text
      else regexp_replace(e.data_text, ';(?=\\s*[=+\\-@＝＋－＠])', '\\\\u003b', 'g') end`;
  }
  if (field.isOpen !== true) return sql;
  return `case when ascii(${sql}) in (${formulaStarts.join(", ")}) then '''' || (${sql}) else ${sql} end`;
}

function conditions(
  { since, until, user, resource, rule, type }: ExportFilters,
  persons: readonly number[],
  literal: (text: string) => string,
): readonly string[] {
  const all = [
    since && `e.at >= ${literal(since.toISOString())}::timestamptz`,
    until && `e.at < ${literal(until.toISOString())}::timestamptz`,
    user === undefined ? undefined : isAbout(user, persons, literal),
    resource === undefined ? undefined : `e.resource = ${literal(resource)}`,
    rule === undefined ? undefined : `e.rule = ${literal(rule)}`,
    type === undefined ? undefined : ofType(type, literal),
  ];
  return all.filter((each) => each !== undefined);
}

function isAbout(user: string, persons: readonly number[], literal: (text: string) => string): string {
  // For events recorded before people had keys.
  const plainly = `lower(e.requester_email) = lower(${literal(user)}) or lower(e.actor_email) = lower(${literal(user)})`;
  if (persons.length === 0) return `(${plainly})`;
  const numbers = persons.join(", ");
  return `(e.requester_person in (${numbers}) or e.actor_person in (${numbers}) or ${plainly})`;
}

/** `request` matches all events of requests, `request.approved` only that type. */
function ofType(type: string, literal: (text: string) => string): string {
  return type.includes(".") ? `e.type = ${literal(type)}` : `starts_with(e.type, ${literal(`${type}.`)})`;
}
