import { access } from "node:fs/promises";
import { join } from "node:path";
import { Client } from "pg";
import type { StorageConfig } from "../config.ts";
import { describeDatabaseUrl, redact } from "../persistence/database.ts";
import { wordsOf } from "../persistence/embedded-error.ts";
import { startEmbeddedPostgres } from "../persistence/embedded.ts";
import { CommandError } from "./failure.ts";

export type Wanted = {
  /** There must be Hallpass's data already. */
  readonly mustExist: boolean;
  /** Hallpass's own database is opened as its owner, and DATABASE_URL must name whoever owns it. */
  readonly asOwner?: boolean;
};

/**
 * Runs `work` on the database of DATABASE_URL, or on Hallpass's own, borrowed from a bot that runs or started for as long
 * as the work takes. Throws `CommandError` when there is no database to ask.
 */
export async function withDatabase<T>(
  { database: { url, dataDir } }: StorageConfig,
  wanted: Wanted,
  work: (databaseUrl: string) => Promise<T>,
): Promise<T> {
  if (url !== undefined) {
    await look(url, wanted);
    return work(url);
  }
  const { mustExist, asOwner = false } = wanted;
  if (mustExist) await insistOnData(dataDir);
  const postgres = await startEmbeddedPostgres({ dataDir, role: "borrower", log: { info: () => undefined } });
  // A server of our own would outlive an interrupted command.
  const interrupted = (): void => void postgres.stop().finally(() => process.exit(130));
  process.once("SIGINT", interrupted).once("SIGTERM", interrupted);
  try {
    const ownUrl = asOwner ? postgres.ownerUrl : postgres.url;
    await look(ownUrl, wanted);
    return await work(ownUrl);
  } finally {
    process.off("SIGINT", interrupted).off("SIGTERM", interrupted);
    await postgres.stop();
  }
}

async function insistOnData(dataDir: string): Promise<void> {
  try {
    await access(join(dataDir, "postgres"));
  } catch (error) {
    throw new CommandError(
      `There are no data in ${dataDir}: set DATABASE_URL to Hallpass's database, or HALLPASS_DATA_DIR to where the bot ` +
        "keeps its own (or run this in the directory the bot runs in).",
      { cause: error },
    );
  }
}

/** A first look, for errors that say what to do instead of what a driver ran into. */
async function look(url: string, { mustExist, asOwner = false }: Wanted): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000, query_timeout: 5_000 });
  // A connection lost between two queries is told by the next query.
  client.on("error", () => undefined);
  let found: Found | undefined;
  try {
    await client.connect();
    const { rows } = await client.query<Found>(
      `select current_user as name, pg_has_role(relowner, 'usage') as "isOwner"
       from pg_class where oid = to_regclass('audit_events')`,
    );
    found = rows[0];
  } catch (error) {
    throw new CommandError(
      `The database at ${describeDatabaseUrl(url)} can't be used: ${redact(wordsOf(error), url)}.`,
      { cause: error },
    );
  } finally {
    await client.end();
  }
  if (!found && mustExist)
    throw new CommandError(
      `The database at ${describeDatabaseUrl(url)} has no tables of Hallpass's: run hallpass migrate.`,
    );
  if (asOwner && found?.isOwner === false)
    throw new CommandError(
      `This takes the owner of the database at ${describeDatabaseUrl(url)}, and ${found.name} may only work there: set ` +
        "DATABASE_URL to the owner's for this command.",
    );
}

type Found = { readonly name: string; readonly isOwner: boolean };
