import { access } from "node:fs/promises";
import { join } from "node:path";
import type { Client } from "pg";
import type { StorageConfig } from "../config.ts";
import { maskPassword } from "../mask-password.ts";
import { wordMissingRights } from "../persistence/database/bring-up-to-date.ts";
import { describeDatabaseUrl, isDenied } from "../persistence/database/database.ts";
import { startEmbeddedPostgres } from "../persistence/embedded/embedded.ts";
import { MigrationError, missingMigrations } from "../persistence/database/migrate.ts";
import { CommandError } from "./failure.ts";
import { messageOf } from "../error-message.ts";
import { withClient } from "../persistence/database/with-client.ts";

export type Wanted = {
  /** Hallpass's data must exist already. */
  readonly mustExist: boolean;
  /** Open Hallpass's own database as its owner; DATABASE_URL must name the owner of its database. */
  readonly asOwner?: boolean;
};

/**
 * Runs `work` on the database of DATABASE_URL, or on Hallpass's own, borrowed from a running bot or started for as long
 * as the work takes. Throws `CommandError` if there is no database to ask.
 */
export async function withDatabase<T>(
  { database: { url, dataDir } }: StorageConfig,
  wanted: Wanted,
  work: (databaseUrl: string) => Promise<T>,
): Promise<T> {
  if (url !== undefined) {
    await look(url, wanted);
    return inWords(url, work);
  }
  const { mustExist, asOwner = false } = wanted;
  if (mustExist) await insistOnData(dataDir);
  const postgres = await startEmbeddedPostgres({ dataDir, role: "borrower", log: { info: () => undefined } });
  // A server that we started would outlive an interrupted command.
  const interrupted = (): void => void postgres.stop().finally(() => process.exit(130));
  process.once("SIGINT", interrupted).once("SIGTERM", interrupted);
  try {
    const ownUrl = asOwner ? postgres.ownerUrl : postgres.url;
    await look(ownUrl, wanted);
    return await inWords(ownUrl, work);
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
      `There is no Hallpass data in ${dataDir}: set DATABASE_URL to Hallpass's database, or HALLPASS_DATA_DIR to where the bot ` +
        "keeps its own (or run this in the directory the bot runs in).",
      { cause: error },
    );
  }
}

/** Checks the database first, for errors that say what to do instead of what the driver met. */
async function look(url: string, { mustExist, asOwner = false }: Wanted): Promise<void> {
  const fault = await asked(url, async (client) => {
    const place = describeDatabaseUrl(url);
    const { rows } = await client.query<Found>(
      `select current_user as name, pg_has_role(relowner, 'usage') as "isOwner",
              has_table_privilege(to_regclass('_prisma_migrations'), 'select') as "maySeeMigrations"
       from pg_class where oid = to_regclass('audit_events')`,
    );
    const [found] = rows;
    if (!found) {
      if (!mustExist) return undefined;
      // A role that may not look into the schema sees no tables either.
      return (
        (await missingRightsIn(client, url)) ??
        `The database at ${place} has no tables of Hallpass's: run hallpass migrate.`
      );
    }
    if (asOwner && !found.isOwner)
      return (
        `This takes the owner of the database at ${place}, and ${found.name} may only work there: set ` +
        "DATABASE_URL to the owner's for this command."
      );
    if (!mustExist || found.maySeeMigrations !== true) return undefined;
    // Commands do not use the queues.
    const lacking = await missingMigrations(client, url, { queues: false });
    if (lacking.length === 0) return undefined;
    const run = found.isOwner
      ? "hallpass migrate"
      : `hallpass migrate --grant-to ${found.name} as the database's owner`;
    return `The database at ${place} is older than this version (lacks ${lacking.join(", ")}): stop every Hallpass, then run ${run}.`;
  });
  if (fault !== undefined) throw new CommandError(fault);
}

type Found = {
  readonly name: string;
  readonly isOwner: boolean;
  /** Null where there is no such table. */
  readonly maySeeMigrations: boolean | null;
};

/**
 * Explains missing rights only after a failure, not up front: a command that only verifies the audit, for example,
 * needs no right to write.
 */
async function inWords<T>(url: string, work: (databaseUrl: string) => Promise<T>): Promise<T> {
  try {
    return await work(url);
  } catch (error) {
    if (!isDenied(error)) throw error;
    const lacking = await asked(url, (client) => missingRightsIn(client, url));
    if (lacking === undefined) throw error;
    throw new CommandError(lacking, { cause: error });
  }
}

async function missingRightsIn(client: Client, url: string): Promise<string | undefined> {
  const { rows } = await client.query<{ name: string }>("select current_user as name");
  return wordMissingRights(client, rows[0]?.name ?? "", url, false);
}

/** Asks on a connection of its own. Throws `CommandError` when the database can't be asked. */
async function asked<T>(url: string, question: (client: Client) => Promise<T>): Promise<T> {
  try {
    return await withClient({ connectionString: url, query_timeout: 5_000 }, question);
  } catch (error) {
    if (error instanceof MigrationError) throw error;
    throw new CommandError(
      `The database at ${describeDatabaseUrl(url)} can't be used: ${maskPassword(messageOf(error), url)}.`,
      { cause: error },
    );
  }
}
