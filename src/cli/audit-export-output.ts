import { open } from "node:fs/promises";
import type { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import type { AuditExport } from "../audit/export.ts";
import { ExportExtentError } from "../audit/export-extent.ts";
import { formatDuration } from "../domain/duration.ts";
import { recordEvent } from "../persistence/audit.ts";
import { createDatabaseClock } from "../persistence/clock.ts";
import { openDatabase } from "../persistence/database.ts";
import { systemCode, wordsOf } from "../persistence/embedded-error.ts";
import { readNow } from "../persistence/requests.ts";
import type { ExportFile } from "./audit-export-part.ts";
import { CommandError } from "./failure.ts";

/** What is written, and how far that is. */
type Written = Pick<AuditExport, "stream" | "rows" | "expected">;

/** Writes it where it is wanted, packed where the file's name says so. Resolves with the exit code. */
export async function writeExport(written: Written, output: string, target: Writable): Promise<number> {
  const { stream, rows } = written;
  const progress = showProgress(written);
  try {
    await (output.endsWith(".gz") ? pipeline(stream, createGzip(), target) : pipeline(stream, target));
  } catch (error) {
    // Whoever reads has had enough: `| head`.
    if (systemCode(error) === "EPIPE" && output === "-") return 0;
    throw new CommandError(
      `The export failed after ${rows()} events, what is written is incomplete: ${wordsOf(error)}.`,
      {
        cause: error,
      },
    );
  } finally {
    progress.end();
  }
  return 0;
}

/** Writes it into a file that is there once it is whole. Resolves with the exit code. */
export async function writeExportFile(written: Written, file: ExportFile): Promise<number> {
  const progress = showProgress(written);
  try {
    await file.write(written.stream);
  } catch (error) {
    await file.discard();
    if (error instanceof CommandError) throw error;
    const failed = `The export failed after ${written.rows()} events: ${wordsOf(error)}.`;
    throw new CommandError(
      // Waited for or looked after, by what the error says.
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

/** Opens what an export is written to. */
export async function openOutput(output: string): Promise<Writable> {
  if (output === "-") return process.stdout;
  try {
    // The audit is not for everybody on this machine.
    return (await open(output, "w", 0o600)).createWriteStream();
  } catch (error) {
    throw new CommandError(`The export can't be written to ${output}: ${wordsOf(error)}.`, { cause: error });
  }
}

/** Records that the audit is exported, before it is. */
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

/** Counts on the terminal, if there is one to count on. */
function showProgress(exported: Written): { end(): void } {
  if (!process.stderr.isTTY) return { end: () => undefined };
  const started = performance.now();
  const write = (ending: string): void => {
    const seconds = (performance.now() - started) / 1_000;
    const words = wordProgress({ rows: exported.rows(), expected: exported.expected(), seconds });
    // Shorter than what stands there: the rest of the line is cleared.
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

/** `120,000 events, 60,000 a second, 15s left`; what is left is said where it is known how many there are. */
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
