import { join } from "node:path";
import { planRetaining, retain, RetainError, type RetainOptions } from "../../audit/retention/retain.ts";
import type { Retainable } from "../../audit/retention/retainable.ts";
import type { Tombstone } from "../../audit/retention/tombstone.ts";
import { systemCode } from "../../persistence/embedded/error.ts";
import { count } from "./evidence.ts";
import { signingKey } from "./key.ts";
import { CommandError } from "../failure.ts";
import { readSettings } from "../settings.ts";
import { withDatabase } from "../storage.ts";

export type AuditRetainOptions = {
  readonly years: string;
  /** A directory. */
  readonly archive?: string;
  readonly ignoreSink: readonly string[];
  readonly dryRun?: boolean;
};

/** `hallpass audit retain`: archives and deletes events that are old enough. Resolves with the exit code. */
export async function auditRetain(written: AuditRetainOptions): Promise<number> {
  const { archive, ignoreSink: ignoredSinks, dryRun = false } = written;
  const years = yearsIn(written.years);
  return withDatabase(readSettings(), { mustExist: true, asOwner: !dryRun }, async (databaseUrl) => {
    const key = await signingKey();
    const options: RetainOptions = { databaseUrl, key, years, archive, ignoredSinks };
    if (dryRun) {
      process.stdout.write(wordPlan(await planRetaining(options), archive));
      return 0;
    }
    let retired = 0;
    const rest = await inWords(() =>
      retain(options, (tombstone) => {
        retired += 1;
        process.stdout.write(wordRetired(tombstone, archive));
      }),
    );
    process.stdout.write(wordRest(rest, retired > 0));
    return 0;
  });
}

function yearsIn(text: string): number {
  if (/^[1-9]\d?$/.test(text)) return Number(text);
  throw new CommandError(`--years must be a whole number from 1 to 99, got ${JSON.stringify(text)}.`);
}

async function inWords<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RetainError) throw new CommandError(error.message, { cause: error });
    // An error from the archive's directory; a database's error codes have five characters.
    if (error instanceof Error && /^E[A-Z]+$/.test(systemCode(error) ?? ""))
      throw new CommandError(`The archive can't be written, so nothing more was retired: ${error.message}.`, {
        cause: error,
      });
    throw error;
  }
}

function wordPlan({ range, before, stops }: Retainable, archive: string | undefined): string {
  const would = range
    ? `Would retire ${places(range)}, older than ${before}, and ${archive === undefined ? "keep them nowhere (no --archive)" : `keep them in ${archive}`}.`
    : `Would retire nothing: no event may go that is older than ${before}.`;
  return [would, ...stops.map((why) => `- ${why}`)].map((line) => `${line}\n`).join("");
}

function wordRetired(tombstone: Tombstone, directory: string | undefined): string {
  const { firstAt, lastAt, archive } = tombstone;
  const kept =
    archive && directory !== undefined
      ? `kept as ${join(directory, archive.name)}, SHA-256 ${archive.sha256}`
      : "kept nowhere";
  return `Retired ${places(tombstone)}, of ${firstAt.slice(0, 10)} to ${lastAt.slice(0, 10)}: ${kept}.\n`;
}

function wordRest({ before, stops }: Retainable, isAny: boolean): string {
  const nothing = isAny ? "" : `Nothing was retired: no event may go that is older than ${before}.\n`;
  return nothing + stops.map((why) => `- ${why}\n`).join("");
}

function places({ from, to }: { readonly from: number; readonly to: number }): string {
  return `the places ${from} to ${to} (${count(to - from + 1, "event")})`;
}
