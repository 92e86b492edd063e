import { access } from "node:fs/promises";
import { join } from "node:path";
import { Client } from "pg";
import type { StorageConfig } from "../config.ts";
import { describeDatabaseUrl, redact } from "../persistence/database.ts";
import { wordsOf } from "../persistence/embedded-error.ts";
import { startEmbeddedPostgres } from "../persistence/embedded.ts";
import { CommandError } from "./failure.ts";

/**
 * Runs `work` on the database of DATABASE_URL, or on Hallpass's own, borrowed from a bot that runs or started for as long
 * as the work takes. With `mustExist` there must be Hallpass's data already. Throws `CommandError` when there is no database to ask.
 */
export async function withDatabase<T>(
  { database: { url, dataDir } }: StorageConfig,
  { mustExist }: { readonly mustExist: boolean },
  work: (databaseUrl: string) => Promise<T>,
): Promise<T> {
  if (url !== undefined) {
    await look(url, mustExist);
    return work(url);
  }
  if (mustExist) await insistOnData(dataDir);
  const postgres = await startEmbeddedPostgres({ dataDir, role: "borrower", log: { info: () => undefined } });
  // A server of our own would outlive an interrupted command.
  const interrupted = (): void => void postgres.stop().finally(() => process.exit(130));
  process.once("SIGINT", interrupted).once("SIGTERM", interrupted);
  try {
    await look(postgres.url, mustExist);
    return await work(postgres.url);
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
async function look(url: string, mustExist: boolean): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000, query_timeout: 5_000 });
  // A connection lost between two queries is told by the next query.
  client.on("error", () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ found: boolean }>(
      "select to_regclass('audit_events') is not null as found",
    );
    if (rows[0]?.found || !mustExist) return;
  } catch (error) {
    throw new CommandError(
      `The database at ${describeDatabaseUrl(url)} can't be used: ${redact(wordsOf(error), url)}.`,
      { cause: error },
    );
  } finally {
    await client.end();
  }
  throw new CommandError(
    `The database at ${describeDatabaseUrl(url)} has no tables of Hallpass's: run hallpass migrate.`,
  );
}
