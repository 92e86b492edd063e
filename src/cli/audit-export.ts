import { exportAudit } from "../audit/export.ts";
import { readExportFilters, recordedFilters } from "../audit/export-filters.ts";
import { openOutput, recordExport, writeExport } from "./audit-export-output.ts";
import { auditExportSealed } from "./audit-export-sealed.ts";
import { signingKey } from "./audit-key.ts";
import { CommandError } from "./failure.ts";
import { readSettings } from "./settings.ts";
import { withDatabase } from "./storage.ts";

export type AuditExportOptions = {
  readonly since?: string;
  readonly until?: string;
  readonly user?: string;
  readonly resource?: string;
  readonly rule?: string;
  readonly type?: string;
  readonly format: string;
  /** The chain as it is, instead of what people read; from a place of it to another. */
  readonly sealed?: boolean;
  readonly from?: string;
  readonly to?: string;
  /** A file, or `-` for standard output. */
  readonly output: string;
};

/** `hallpass audit export`: records that it happens, then streams. Resolves with the exit code. */
export async function auditExport(options: AuditExportOptions): Promise<number> {
  const { output, sealed = false, from, to, ...written } = options;
  if (sealed) return auditExportSealed({ ...written, output, from, to });
  if (from !== undefined || to !== undefined)
    throw new CommandError("--from and --to are places of the chain: they go with --sealed.");
  const parsed = readExportFilters(written, new Date());
  if (!parsed.ok) throw new CommandError(parsed.fault);
  return withDatabase(readSettings(), { mustExist: true }, async (databaseUrl) => {
    const key = await signingKey();
    const { filters } = parsed;
    const target = await openOutput(output);
    await recordExport(databaseUrl, filters.format, recordedFilters(filters));
    return writeExport(exportAudit({ databaseUrl, key }, filters), output, target);
  });
}
