import { createHash, type Hash } from "node:crypto";
import type { Readable } from "node:stream";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { callbackify } from "node:util";
import { Client } from "pg";
import { to as copyTo } from "pg-copy-streams";
import { readPersonalDirectory } from "../../persistence/personal/directory.ts";
import { personNumbers } from "./person-numbers.ts";
import { readHead } from "../chain/chain-head.ts";
import { type ExportExtent, insistOnExtent, lockExport, readRetired, settleLastEvent } from "./extent.ts";
import { type ExportFilters, type ExportFormat, recordedFilters } from "./filters.ts";
import { type ExportProof, signExport, wordProof } from "./proof.ts";
import { copyEvents, countEvents, exportSettings } from "./query.ts";
import { createTokenOpener } from "./open-tokens.ts";
import { createRowEnds } from "./row-end.ts";
import type { SigningKey } from "../chain/signing-key.ts";

export type AuditExport = {
  /** UTF-8 text. Destroying it closes the connection; a failure destroys it with the error. */
  readonly stream: Readable;
  /** Events written so far; all of them once the stream has ended. */
  readonly rows: () => number;
  /** Roughly how many there will be; `undefined` while that is unknown, or if there are filters. */
  readonly expected: () => number | undefined;
};

export type ExportSource = {
  readonly databaseUrl: string;
  /** Signs the proof in the last row; without a key there is no proof. */
  readonly key?: SigningKey;
  /** Where progress is kept, so that another run can resume the export. */
  readonly part?: ExportPart;
};

/** An export that several runs may write, one after another. It needs a key. */
export type ExportPart = {
  /** Its own lock number, of 31 bits. */
  readonly lock: number;
  /** What an earlier run has fixed. */
  readonly extent: ExportExtent | undefined;
  /** Called before anything is written, while no other run writes; resolves with what earlier runs have written. */
  begin(extent: ExportExtent): Promise<Begun>;
  /** Called now and then at the end of a row, from which another run could resume. */
  onRowEnd(end: RowEnd): void;
};

/** What has been written already. */
export type Begun = { readonly after: number | undefined; readonly digest: Hash };

export type RowEnd = {
  /** How many bytes of the stream come before. */
  readonly bytes: number;
  /** The `seq` of the event in the row. */
  readonly after: number;
  /** Of everything written so far, by earlier runs too. */
  readonly sha256: string;
};

/** Streams the audit events that pass the filters, in log order, from one snapshot. */
export function exportAudit(source: ExportSource, filters: ExportFilters): AuditExport {
  const client = new Client({
    connectionString: source.databaseUrl,
    connectionTimeoutMillis: 5_000,
    application_name: "hallpass audit export",
  });
  const progress: Progress = { rows: 0, expected: undefined };
  const writer = createWriter(client, filters.format, progress, source);
  const closed = new Promise((resolve) => writer.once("close", resolve));
  // Without a reader the connection is useless, whatever it is waiting for.
  void closed.then(() => client.end());
  client.on("error", (error) => writer.destroy(error));
  streamEvents(client, filters, source, writer, progress).catch((error: unknown) =>
    writer.destroy(error instanceof Error ? error : new Error(String(error))),
  );
  return { stream: writer, rows: () => progress.rows, expected: () => progress.expected };
}

type Progress = { rows: number; expected: number | undefined };

type Writer = Transform & {
  open: (lines: string) => string;
  /** Resumes after what was written already. */
  takeUp: (begun: Begun) => void;
  copied: () => number;
  /** Signs a proof of what was written, together with the snapshot it was read from. */
  prove: (written: Pick<ExportProof, "rows" | "sha256">) => ExportProof | undefined;
};

async function streamEvents(
  client: Client,
  filters: ExportFilters,
  { key, part }: ExportSource,
  writer: Writer,
  progress: Progress,
): Promise<void> {
  const literal = (text: string): string => client.escapeLiteral(text);
  await client.connect();
  const last = part && (part.extent?.last ?? (await settleLastEvent(client)));
  await client.query("begin transaction isolation level repeatable read read only");
  await client.query(exportSettings);
  if (part) await lockExport(client, part.lock);
  const directory = await readPersonalDirectory(client);
  // What an earlier run of the same export has fixed stays fixed.
  const fixed = part?.extent ?? {
    persons: filters.user === undefined ? [] : [...(await personNumbers(client, filters.user))],
    ...(await readHead(client)),
  };
  progress.expected = await estimateRows(client, filters);
  const begun = part && last && (await begin(client, part, { last, ...fixed }));
  if (begun) writer.takeUp(begun);
  const { persons, head, at } = fixed;
  const after = begun?.after;
  const statement = [filters, persons, literal] as const;
  // Nothing can be added to the events before, so the database can count them.
  const before =
    after === undefined ? 0 : await readCount(client, countEvents(...statement, { last: after }));
  progress.rows = before;
  if (key) {
    const snapshot = { format: filters.format, filters: recordedFilters(filters), head, at };
    writer.prove = (written) => signExport({ ...written, ...snapshot }, key);
  }
  const events = copyTo(copyEvents(...statement, { after, last: last?.seq }));
  writer.open = createTokenOpener(directory, filters.format);
  writer.copied = () => before + events.rowCount;
  await pipeline(client.query(events), writer);
}

/** Starts a part, or resumes it if everything that belongs to it is still there. */
async function begin(client: Client, part: ExportPart, fixed: Omit<ExportExtent, "retired">): Promise<Begun> {
  if (!part.extent) return part.begin({ ...fixed, retired: await readRetired(client) });
  await insistOnExtent(client, part.extent);
  return part.begin(part.extent);
}

async function readCount(client: Client, statement: string): Promise<number> {
  const { rows } = await client.query<{ rows: number }>(statement);
  return rows[0]?.rows ?? 0;
}

/** The server's estimate of the log's size, close enough for a progress bar; unknown if there are filters. */
async function estimateRows(client: Client, filters: ExportFilters): Promise<number | undefined> {
  if (Object.keys(filters).length > 1) return undefined;
  const { rows } = await client.query<{ count: number }>(
    "select reltuples::float8 as count from pg_class where oid = 'audit_events'::regclass",
  );
  const count = rows[0]?.count ?? 0;
  return count > 0 ? count : undefined;
}

/** About this much of an export is lost when a run is interrupted. */
const partBytes = 4 * 1_024 * 1_024;
const partMs = 1_000;

/** Opens tokens line by line, and puts the format's framing around the lines. */
function createWriter(
  client: Client,
  format: ExportFormat,
  progress: Progress,
  { key, part }: ExportSource,
): Writer {
  let rest = "";
  let digest = key && createHash("sha256");
  let isFirst = true;
  const headerRows = format === "csv" ? 1 : 0;
  const noteRowEnds = part ? createNotes(format, part) : undefined;
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
          if (digest) noteRowEnds?.(lines, written.length, digest);
          done(null, written);
          isFirst = false;
        } catch (error) {
          done(error instanceof Error ? error : new Error(String(error)));
        }
      },
      flush: callbackify(async () => {
        // The count of what was copied is complete only after this answer.
        await client.query("commit");
        progress.rows = writer.copied();
        if (!digest) return format === "json" ? (isFirst ? "[]\n" : "\n]\n") : "";
        const before = format === "json" ? (isFirst ? "[\n" : ",\n") : "";
        const sha256 = digest.update(before).digest("hex");
        const proof = writer.prove({ rows: progress.rows, sha256 });
        return proof ? before + wordProof(proof) : "";
      }),
    }),
    {
      open: (lines: string) => lines,
      takeUp: (begun: Begun) => {
        ({ digest } = begun);
        isFirst = begun.after === undefined;
      },
      copied: () => 0,
      prove: () => undefined,
    },
  );
  return writer;
}

/** Reports a row end now and then, given lines and the number of bytes they were written as. */
function createNotes(
  format: ExportFormat,
  part: ExportPart,
): (lines: string, length: number, digest: Hash) => void {
  const rowEnds = createRowEnds(format);
  let bytes = 0;
  let noted = { bytes: 0, at: performance.now() };
  return (lines, length, digest) => {
    rowEnds.follow(lines);
    bytes += length;
    const at = performance.now();
    if (bytes - noted.bytes < partBytes && at - noted.at < partMs) return;
    const after = rowEnds.lastRow();
    if (after === undefined) return;
    noted = { bytes, at };
    part.onRowEnd({ bytes, after, sha256: digest.copy().digest("hex") });
  };
}

function inArray(lines: string, isFirst: boolean): string {
  return (isFirst ? "[\n" : ",\n") + lines.slice(0, -1).replaceAll("\n", ",\n");
}

function countLines(text: string): number {
  let lines = 0;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) lines += 1;
  return lines;
}
