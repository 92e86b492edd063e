import { realpath, stat } from "node:fs/promises";
import { exportAudit } from "../../audit/export/export.ts";
import { type ExportFilters, readExportFilters, recordedFilters } from "../../audit/export/filters.ts";
import { knowNames } from "../../audit/questions/known-names.ts";
import { withAuditReader } from "../../audit/questions/read-events.ts";
import type { SigningKey } from "../../audit/chain/signing-key.ts";
import { openOutput, recordExport, writeExport, writeExportFile } from "./export-output.ts";
import { beginFile, resumeFile } from "./export-part.ts";
import { auditExportSealed } from "./export-sealed.ts";
import { signingKey } from "./key.ts";
import { asOption, CommandError } from "../failure.ts";
import { readSettings } from "../settings.ts";
import { withDatabase } from "../storage.ts";
import { todaysPolicy } from "../policy/todays-policy.ts";
import { onTerminalLine } from "../../domain/text.ts";

export type AuditExportOptions = {
  readonly since?: string;
  readonly until?: string;
  readonly user?: string;
  readonly resource?: string;
  readonly rule?: string;
  readonly type?: string;
  readonly format: string;
  /** Export the chain as it is, instead of readable events; `from` and `to` are places in it. */
  readonly sealed?: boolean;
  readonly from?: string;
  readonly to?: string;
  /** A file, or `-` for standard output. */
  readonly output: string;
  /** Resume the file of a run that was interrupted. */
  readonly resume?: boolean;
};

/** `hallpass audit export`: records the export, then streams it. Resolves with the exit code. */
export async function auditExport(options: AuditExportOptions): Promise<number> {
  const { output, sealed = false, resume = false, from, to, ...written } = options;
  if (resume && (sealed || output === "-"))
    throw new CommandError(resumeFaults[sealed ? "sealed" : "stdout"]);
  if (sealed) return auditExportSealed({ ...written, output, from, to });
  if (from !== undefined || to !== undefined)
    throw new CommandError("--from and --to are places of the chain: they go with --sealed.");
  const filters = parse(written);
  return withDatabase(readSettings(), { mustExist: true }, async (databaseUrl) => {
    // A resumed export passed this check when it began.
    if (!resume) await insistOnNames(databaseUrl, filters);
    const key = await signingKey();
    const path = await filePath(output);
    if (path !== undefined) return exportToFile({ databaseUrl, key }, { path, resume, written, filters });
    if (resume) throw new CommandError(resumeFaults.device);
    const target = await openOutput(output);
    await recordExport(databaseUrl, filters.format, recordedFilters(filters));
    return writeExport(exportAudit({ databaseUrl, key }, filters), output, target);
  });
}

const resumeFaults = {
  sealed:
    "--resume goes on with an export of events: begin a --sealed one anew, or export what is missing by --from.",
  stdout: "--resume goes on with a file: give the same --output as the run that was interrupted.",
  device: "--resume goes on with a file, and --output is none.",
} as const;

type Words = Readonly<Record<string, string>>;

function parse(written: Words): ExportFilters {
  const parsed = readExportFilters(written, new Date(), asOption);
  if (!parsed.ok) throw new CommandError(parsed.fault);
  return parsed.filters;
}

/** Refuses a name that never existed: it is a typing mistake, and an empty export would be taken for an answer. */
async function insistOnNames(databaseUrl: string, { resource, rule, user }: ExportFilters): Promise<void> {
  if ([resource, rule, user].every((each) => each === undefined)) return;
  const today = await todaysPolicy();
  const knowledge = await withAuditReader({ databaseUrl }, (reader) =>
    knowNames(reader, { resource, rule, user }, today),
  );
  if (!knowledge.known) throw new CommandError(onTerminalLine(knowledge.why));
}

type ToFile = {
  readonly path: string;
  readonly resume: boolean;
  readonly written: Words & { readonly format: string };
  readonly filters: ExportFilters;
};

async function exportToFile(
  source: { readonly databaseUrl: string; readonly key: SigningKey },
  { path, resume, written, filters: asked }: ToFile,
): Promise<number> {
  const { format } = asked;
  const resumed = resume ? await resumeFile(path, source.key, written) : undefined;
  // The filters as the first run understood them.
  const filters = resumed ? parse({ ...resumed.filters, format }) : asked;
  const file =
    resumed ?? (await beginFile(path, source.key, { asked: written, filters: recordedFilters(filters) }));
  try {
    await recordExport(source.databaseUrl, format, recordedFilters(filters));
  } catch (error) {
    await file.discard();
    throw error;
  }
  return writeExportFile(exportAudit({ ...source, part: file.part }, filters), file);
}

/** The path of the output file, links followed; `undefined` if the output is not a file, such as a pipe. */
async function filePath(output: string): Promise<string | undefined> {
  if (output === "-") return undefined;
  try {
    return (await stat(output)).isFile() ? await realpath(output) : undefined;
  } catch {
    // The file does not exist yet; any other error is reported when it is opened.
    return output;
  }
}
