import { writeFile } from "node:fs/promises";
import { extname } from "node:path";
import { csvOf } from "../../audit/report/figures-csv.ts";
import type { Figures } from "../../audit/report/figures.ts";
import { htmlOf } from "../../audit/report/html.ts";
import { parsePeriod, type Period } from "../../audit/report/period.ts";
import { readFigures } from "../../audit/report/read-figures.ts";
import { verifyChain } from "../../audit/verify/verify.ts";
import { recordEvent } from "../../persistence/audit.ts";
import { createDatabaseClock } from "../../persistence/database/clock.ts";
import { openDatabase } from "../../persistence/database/database.ts";
import { readNow } from "../../persistence/requests/requests.ts";
import { loadPolicy } from "../../policy/language/load.ts";
import { providerTypes } from "../../providers/registry.ts";
import { ownKeys } from "./key.ts";
import { CommandError } from "../failure.ts";
import { printPdf } from "./print-pdf.ts";
import { readSettings } from "../settings.ts";
import { withDatabase } from "../storage.ts";
import { messageOf } from "../../error-message.ts";

export type ReportOptions = {
  readonly period: string;
  /** By the name of the file unless told. */
  readonly format?: string;
  /** A file, or `-` for standard output. */
  readonly output: string;
};

const formats = ["html", "pdf", "csv"] as const;
type Format = (typeof formats)[number];

/** `hallpass audit report`: records the report, verifies the chain, counts, and writes. Resolves with the exit code. */
export async function auditReport({ period: written, format, output }: ReportOptions): Promise<number> {
  const form = formOf(format?.toLowerCase(), output);
  if (form === "pdf" && output === "-" && process.stdout.isTTY)
    throw new CommandError("A PDF is not for the terminal: name a file with --output.");
  const { timeZone, zoneNote } = await zone();
  const parsed = parsePeriod(written, timeZone);
  if (!parsed.ok) throw new CommandError(parsed.fault);
  const { period } = parsed;
  const keys = await ownKeys();
  const figures = await withDatabase(readSettings(), { mustExist: true }, async (databaseUrl) => {
    await recordReport(databaseUrl, period, form);
    const verification = await verifyChain({ databaseUrl }, { keys });
    return readFigures({ databaseUrl }, { period, zoneNote, verification });
  });
  await write(output, await writers[form](figures));
  return 0;
}

/** The format that is named, by itself or by the end of the file's name; HTML where neither is. */
function formOf(format: string | undefined, output: string): Format {
  const ending = extname(output).slice(1).toLowerCase();
  const named = format ?? (ending === "" ? "html" : ending);
  const form = formats.find((each) => each === named);
  if (!form && format === undefined)
    throw new CommandError(
      `--output must end in .html, .pdf or .csv, or --format say which it is, got ${JSON.stringify(output)}.`,
    );
  if (!form) throw new CommandError(`--format must be html, pdf or csv, got ${JSON.stringify(format)}.`);
  if (formats.some((each) => each === ending && each !== form))
    throw new CommandError(
      `--format ${form} does not go with --output ${output}: name one of them otherwise.`,
    );
  return form;
}

const writers: Readonly<Record<Format, (figures: Figures) => Promise<string | Buffer>>> = {
  html: (figures) => Promise.resolve(htmlOf(figures)),
  csv: (figures) => Promise.resolve(csvOf(figures)),
  pdf: (figures) => printPdf(htmlOf(figures)),
};

/** The policy's time zone, or UTC if no policy can be read; the report says which it is. */
async function zone(): Promise<{ readonly timeZone: string; readonly zoneNote: string }> {
  const loaded = await loadPolicy(readSettings().policyPath, { providerTypes });
  if (!loaded.ok)
    return {
      timeZone: "UTC",
      zoneNote: "Days and times are in UTC: no policy could be read that names a time zone.",
    };
  const timeZone = loaded.policy.settings.timezone;
  return { timeZone, zoneNote: `Days and times are those of ${timeZone}, as the policy says.` };
}

async function recordReport(databaseUrl: string, period: Period, format: Format): Promise<void> {
  const database = openDatabase(databaseUrl, { poolSize: 1, applicationName: "hallpass audit report" });
  try {
    await recordEvent(database.prisma, {
      type: "audit.exported",
      at: await readNow(database.prisma, createDatabaseClock()),
      actor: { kind: "hallpass" },
      data: {
        format,
        filters: {
          report: period.name,
          since: period.from.toISOString(),
          until: period.until.toISOString(),
        },
        via: "cli",
      },
    });
  } finally {
    await database.close();
  }
}

async function write(output: string, report: string | Buffer): Promise<void> {
  if (output === "-") {
    process.stdout.write(report);
    return;
  }
  try {
    // The audit must not be readable by everybody on this machine.
    await writeFile(output, report, { mode: 0o600 });
  } catch (error) {
    throw new CommandError(`The report can't be written to ${output}: ${messageOf(error)}.`, {
      cause: error,
    });
  }
}
