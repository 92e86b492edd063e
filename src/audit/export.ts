import type { Readable } from "node:stream";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { stringify } from "csv-stringify";
import { Client } from "pg";
import QueryStream from "pg-query-stream";
import type { ExportFilters, ExportFormat } from "./export-filters.ts";

export type AuditExport = {
  /** UTF-8 text. Destroying it closes the connection; what goes wrong destroys it with the error. */
  readonly stream: Readable;
  /** Events written so far; all of them once the stream has ended. */
  readonly rows: () => number;
};

/** What stands in each column of a CSV file and under each key of a JSON object, and where it comes from. */
export const auditFields = [
  { name: "seq", sql: "e.seq::float8", about: "place in the log; grows, may have gaps" },
  {
    name: "at",
    sql: `to_char(e.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`,
    about: "when, by the database's clock: ISO 8601 in UTC with milliseconds",
  },
  { name: "type", sql: "e.type", about: "what happened, such as request.approved" },
  { name: "request", sql: "'AR-' || r.number", about: "the request as people name it: AR-1042" },
  { name: "request_id", sql: "e.request_id", about: "the request's UUID" },
  { name: "grant_id", sql: "e.grant_id", about: "the grant's UUID" },
  {
    name: "actor",
    sql: "case e.actor_kind when 'person' then e.actor_email else e.actor_kind end",
    about: "who did it: an e-mail address, `policy` (an allow rule) or `hallpass` (a deadline, an outcome)",
  },
  { name: "actor_slack_id", sql: "e.actor_slack_id", about: "who did it, by Slack's id" },
  { name: "requester", sql: "e.requester_email", about: "whose request it is, by e-mail address" },
  { name: "resource", sql: "e.resource", about: "the resource's name in the policy" },
  { name: "role", sql: "e.role", about: "the role's name in the policy" },
  { name: "rule", sql: "e.rule", about: "the name of the rule that matched the request" },
  {
    name: "policy_version",
    sql: "e.policy_version",
    about: "SHA-256 of the policy text it was decided under",
  },
  { name: "data", sql: "e.data", about: "what else this type of event tells, as JSON" },
] as const;

const selectEvents = `
  select ${auditFields.map(({ name, sql }) => `${sql} as ${name}`).join(", ")}
  from audit_events e left join access_requests r on r.id = e.request_id
  where ($1::timestamptz is null or e.at >= $1)
    and ($2::timestamptz is null or e.at < $2)
    and ($3::text is null or lower(e.requester_email) = lower($3) or lower(e.actor_email) = lower($3))
    and ($4::text is null or e.resource = $4)
  order by e.seq`;

/** Streams the audit events that pass the filters, in the order of the log, as they stood in one instant. */
export function exportAudit(source: { readonly databaseUrl: string }, filters: ExportFilters): AuditExport {
  const writer = createWriter[filters.format]();
  const client = new Client({
    connectionString: source.databaseUrl,
    connectionTimeoutMillis: 5_000,
    application_name: "hallpass audit export",
  });
  let rows = 0;
  async function* counted(events: AsyncIterable<unknown>): AsyncGenerator {
    for await (const event of events) {
      rows += 1;
      yield event;
    }
  }
  const closed = new Promise((resolve) => writer.once("close", resolve));
  // Whatever the connection waits for: without a reader it is of no use.
  void closed.then(() => client.end());
  client.on("error", (error) => writer.destroy(error));
  streamEvents(client, filters, (events) => pipeline(events, counted, writer)).catch((error: unknown) =>
    writer.destroy(error instanceof Error ? error : new Error(String(error))),
  );
  return { stream: writer, rows: () => rows };
}

async function streamEvents(
  client: Client,
  { since, until, user, resource }: ExportFilters,
  consume: (events: QueryStream) => Promise<void>,
): Promise<void> {
  await client.connect();
  await client.query("begin transaction isolation level repeatable read read only");
  const values = [since?.toISOString(), until?.toISOString(), user, resource].map((value) => value ?? null);
  await consume(client.query(new QueryStream(selectEvents, values, { batchSize: 200 })));
}

const createWriter: Readonly<Record<ExportFormat, () => Transform>> = {
  csv: () =>
    stringify({
      header: true,
      columns: auditFields.map(({ name }) => name),
      // Cells that a spreadsheet would run begin with an apostrophe instead.
      escape_formulas: true,
      cast: { object: (value) => inertJson(value) },
    }),
  jsonl: () => jsonWriter({ before: () => "", after: "\n", end: () => "" }),
  json: () =>
    jsonWriter({
      before: (index) => (index === 0 ? "[\n" : ",\n"),
      after: "",
      end: (count) => (count === 0 ? "[]\n" : "\n]\n"),
    }),
};

function jsonWriter(frame: {
  before(index: number): string;
  readonly after: string;
  end(count: number): string;
}): Transform {
  let count = 0;
  return new Transform({
    writableObjectMode: true,
    transform(event, _encoding, done) {
      done(null, frame.before(count) + onOneLine(JSON.stringify(event)) + frame.after);
      count += 1;
    },
    flush(done) {
      done(null, frame.end(count));
    },
  });
}

/** JSON leaves these as they are, and readers such as Python's `splitlines` end a line at them. */
function onOneLine(json: string): string {
  return json.replaceAll(/[\u0085\u2028\u2029]/g, escapeCharacter);
}

/** Where `;` separates cells (Excel in much of Europe), one inside this cell could begin a formula. */
function inertJson(value: object): string {
  return JSON.stringify(value).replaceAll(/;(?=\s*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20])/g, escapeCharacter);
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
