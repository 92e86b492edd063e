import { open } from "node:fs/promises";
import type { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import type { AuditExport } from "../../audit/export/export.ts";
import { ExportExtentError } from "../../audit/export/extent.ts";
import { formatDuration } from "../../domain/duration.ts";
import { recordEvent } from "../../persistence/audit.ts";
import { createDatabaseClock } from "../../persistence/database/clock.ts";
import { openDatabase } from "../../persistence/database/database.ts";
import { systemCode } from "../../persistence/embedded/error.ts";
import { readNow } from "../../persistence/requests/requests.ts";
import type { ExportFile } from "./export-part.ts";
import { CommandError } from "../failure.ts";
import { messageOf } from "../../error-message.ts";

/** What is written, and its progress. */
type Written = Pick<AuditExport, "stream" | "rows" | "expected">;

/** Writes an export to its target, compressed if the file's name ends in .gz. Resolves with the exit code. */
export async function writeExport(written: Written, output: string, target: Writable): Promise<number> {
  const { stream, rows } = written;
  const progress = showProgress(written);
  try {
    await (output.endsWith(".gz") ? pipeline(stream, createGzip(), target) : pipeline(stream, target));
  } catch (error) {
    // The reader has closed the pipe, as `| head` does.
    if (systemCode(error) === "EPIPE" && output === "-") return 0;
    throw new CommandError(
      `The export failed after ${rows()} events, what is written is incomplete: ${messageOf(error)}.`,
      {
        cause: error,
      },
    );
  } finally {
    progress.end();
  }
  return 0;
}

/** Writes an export to a file that has its name only once it is complete. Resolves with the exit code. */
export async function writeExportFile(written: Written, file: ExportFile): Promise<number> {
  const progress = showProgress(written);
  try {
    await file.write(written.stream);
  } catch (error) {
    await file.discard();
    if (error instanceof CommandError) throw error;
    const failed = `The export failed after ${written.rows()} events: ${messageOf(error)}.`;
    throw new CommandError(
      // An ExportExtentError says itself what to do.
      file.isBegun() && !(error instanceof ExportExtentError)
        ? `${failed} The same command with --resume finishes it.`
        : failed,
      { cause: error },
    );
  } finally {
    progress.end();
  }
  return 0;
}

/** Opens the target of an export: a file, or standard output. */
export async function openOutput(output: string): Promise<Writable> {
  if (output === "-") return process.stdout;
  try {
    // The audit must not be readable by everybody on this machine.
    return (await open(output, "w", 0o600)).createWriteStream();
  } catch (error) {
    throw new CommandError(`The export can't be written to ${output}: ${messageOf(error)}.`, {
      cause: error,
    });
  }
}

/** Records the export in the audit, before it happens. */
export async function recordExport(
  databaseUrl: string,
  format: string,
  filters: Readonly<Record<string, string>>,
): Promise<void> {
  const database = openDatabase(databaseUrl, { poolSize: 1, applicationName: "hallpass audit export" });
  try {
    await recordEvent(database.prisma, {
      type: "audit.exported",
      at: await readNow(database.prisma, createDatabaseClock()),
      actor: { kind: "hallpass" },
      data: { format, filters, via: "cli" },
    });
  } finally {
    await database.close();
  }
}

/** Shows progress on the terminal, if there is one. */
function showProgress(exported: Written): { end(): void } {
  if (!process.stderr.isTTY) return { end: () => undefined };
  const started = performance.now();
  const write = (ending: string): void => {
    const seconds = (performance.now() - started) / 1_000;
    const words = wordProgress({ rows: exported.rows(), expected: exported.expected(), seconds });
    // The new text may be shorter, so clear the rest of the line.
    process.stderr.write(`\r${words}\u001B[K${ending}`);
  };
  const timer = setInterval(write, 500, "");
  return {
    end() {
      clearInterval(timer);
      write("\n");
    },
  };
}

/** `120,000 events, 60,000 a second, 15s left`; the time left only if the number of events is known. */
export function wordProgress({
  rows,
  expected,
  seconds,
}: {
  readonly rows: number;
  readonly expected: number | undefined;
  readonly seconds: number;
}): string {
  const rate = seconds > 0 ? rows / seconds : 0;
  const left = expected !== undefined && expected > rows && rate > 0 ? (expected - rows) / rate : undefined;
  const parts = [`${rows.toLocaleString("en")} events`, `${Math.round(rate).toLocaleString("en")} a second`];
  if (left !== undefined) parts.push(`${formatDuration(Math.max(1, Math.round(left)))} left`);
  return parts.join(", ");
}
