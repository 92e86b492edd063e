import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { callbackify } from "node:util";
import { Client } from "pg";
import { to as copyTo } from "pg-copy-streams";
import { readPersonalDirectory } from "../persistence/personal-directory.ts";
import { readHead } from "./chain-head.ts";
import { type ExportFilters, type ExportFormat, recordedFilters } from "./export-filters.ts";
import { type ExportProof, signExport, wordProof } from "./export-proof.ts";
import { copyEvents, exportSettings } from "./export-query.ts";
import { createTokenOpener } from "./open-tokens.ts";
import type { SigningKey } from "./signing-key.ts";

export type AuditExport = {
  /** UTF-8 text. Destroying it closes the connection; what goes wrong destroys it with the error. */
  readonly stream: Readable;
  /** Events written so far; all of them once the stream has ended. */
  readonly rows: () => number;
  /** About how many there will be; `undefined` while it is not known, or when filters choose among them. */
  readonly expected: () => number | undefined;
};

export type ExportSource = {
  readonly databaseUrl: string;
  /** Signs the proof that is the last row; there is none without it. */
  readonly key?: SigningKey;
};

/** Streams the audit events that pass the filters, in the order of the log, as they stood in one instant. */
export function exportAudit(source: ExportSource, filters: ExportFilters): AuditExport {
  const client = new Client({
    connectionString: source.databaseUrl,
    connectionTimeoutMillis: 5_000,
    application_name: "hallpass audit export",
  });
  const progress: Progress = { rows: 0, expected: undefined };
  const { key } = source;
  const writer = createWriter(client, filters.format, progress, key !== undefined);
  const closed = new Promise((resolve) => writer.once("close", resolve));
  // Whatever the connection waits for: without a reader it is of no use.
  void closed.then(() => client.end());
  client.on("error", (error) => writer.destroy(error));
  streamEvents(client, filters, key, writer, progress).catch((error: unknown) =>
    writer.destroy(error instanceof Error ? error : new Error(String(error))),
  );
  return { stream: writer, rows: () => progress.rows, expected: () => progress.expected };
}

type Progress = { rows: number; expected: number | undefined };

type Writer = Transform & {
  open: (lines: string) => string;
  copied: () => number;
  /** What the proof says besides what was written. */
  prove: (written: Pick<ExportProof, "rows" | "sha256">) => ExportProof | undefined;
};

async function streamEvents(
  client: Client,
  filters: ExportFilters,
  key: SigningKey | undefined,
  writer: Writer,
  progress: Progress,
): Promise<void> {
  await client.connect();
  await client.query("begin transaction isolation level repeatable read read only");
  await client.query(exportSettings);
  const directory = await readPersonalDirectory(client);
  const person = filters.user === undefined ? undefined : await findPerson(client, filters.user);
  progress.expected = await estimateRows(client, filters);
  if (key) {
    const { format } = filters;
    const snapshot = { format, filters: recordedFilters(filters), ...(await readHead(client)) };
    writer.prove = (written) => signExport({ ...written, ...snapshot }, key);
  }
  const events = copyTo(copyEvents(filters, person, (text) => client.escapeLiteral(text)));
  writer.open = createTokenOpener(directory, filters.format);
  writer.copied = () => events.rowCount;
  await pipeline(client.query(events), writer);
}

/** The number of somebody by their address, or by the name of who was erased: `person-7`. */
async function findPerson(client: Client, user: string): Promise<number | undefined> {
  const number = /^person-(\d{1,9})$/.exec(user)?.[1];
  if (number !== undefined) return Number(number);
  const { rows } = await client.query<{ id: number }>("select id from people where handle = $1", [user]);
  return rows[0]?.id;
}

/** What the server believes the log to hold, which is near enough for a progress bar; chosen among, nobody knows. */
async function estimateRows(client: Client, filters: ExportFilters): Promise<number | undefined> {
  if (Object.keys(filters).length > 1) return undefined;
  const { rows } = await client.query<{ count: number }>(
    "select reltuples::float8 as count from pg_class where oid = 'audit_events'::regclass",
  );
  const count = rows[0]?.count ?? 0;
  return count > 0 ? count : undefined;
}

/** Opens tokens line by line and sets the format's frame around the lines. */
function createWriter(client: Client, format: ExportFormat, progress: Progress, isProven: boolean): Writer {
  let rest = "";
  const digest = isProven ? createHash("sha256") : undefined;
  let isFirst = true;
  const headerRows = format === "csv" ? 1 : 0;
  const writer: Writer = Object.assign(
    new Transform({
      transform(chunk: Buffer, _encoding, done) {
        const bytes = rest + chunk.toString("latin1");
        const length = bytes.lastIndexOf("\n") + 1;
        rest = bytes.slice(length);
        if (length === 0) return done();
        const lines = bytes.slice(0, length);
        try {
          const opened = writer.open(lines);
          progress.rows += countLines(lines) - (isFirst ? headerRows : 0);
          const written = Buffer.from(format === "json" ? inArray(opened, isFirst) : opened, "latin1");
          digest?.update(written);
          done(null, written);
          isFirst = false;
        } catch (error) {
          done(error instanceof Error ? error : new Error(String(error)));
        }
      },
      flush: callbackify(async () => {
        // Only this answer is sure to come after the count of what was copied.
        await client.query("commit");
        progress.rows = writer.copied();
        if (!digest) return format === "json" ? (isFirst ? "[]\n" : "\n]\n") : "";
        const before = format === "json" ? (isFirst ? "[\n" : ",\n") : "";
        const sha256 = digest.update(before).digest("hex");
        const proof = writer.prove({ rows: progress.rows, sha256 });
        return proof ? before + wordProof(proof) : "";
      }),
    }),
    { open: (lines: string) => lines, copied: () => 0, prove: () => undefined },
  );
  return writer;
}

function inArray(lines: string, isFirst: boolean): string {
  return (isFirst ? "[\n" : ",\n") + lines.slice(0, -1).replaceAll("\n", ",\n");
}

function countLines(text: string): number {
  let lines = 0;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) lines += 1;
  return lines;
}
