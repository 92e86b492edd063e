import type { Client, ClientBase } from "pg";
import { describeDatabaseUrl } from "./database.ts";
import { migrate, MigrationError, migrateQueues, missingMigrations } from "./migrate.ts";
import { grantRights, missingRights, readConnectedRole } from "./rights.ts";
import { withClient } from "./with-client.ts";

export type UpToDateOptions = {
  /** Whether the queues are in the same database. */
  readonly queues: boolean;
  readonly log: { info(message: string): void; warn(message: string): void };
};

/**
 * Migrates as the database's owner and grants the role `worker`, if named, the rights Hallpass needs. Throws
 * `MigrationError`, or the driver's error when the database can't be asked.
 */
export async function migrateAsOwner(
  ownerUrl: string,
  worker: string | undefined,
  { queues, log }: UpToDateOptions,
): Promise<{ readonly applied: readonly string[] }> {
  // Checked before anything changes: a mistyped name must not leave the work half done.
  if (worker !== undefined) await connected(ownerUrl, (client) => insistOnWorker(client, worker, ownerUrl));
  const applied = await migrate(ownerUrl, { log });
  if (queues) await migrateQueues(ownerUrl);
  if (worker !== undefined) await connected(ownerUrl, (client) => grantTo(client, worker, queues));
  return applied;
}

/**
 * Migrates if the connected role may; otherwise checks that everything Hallpass needs is there. Throws a
 * `MigrationError` that says what is missing, or the driver's error when the database can't be asked.
 */
export async function bringUpToDate(databaseUrl: string, options: UpToDateOptions): Promise<void> {
  const { queues, log } = options;
  const place = describeDatabaseUrl(databaseUrl);
  const role = await connected(databaseUrl, async (client) => {
    const found = await readConnectedRole(client);
    if (!found.mayMigrate) await insistOnReady(client, found, databaseUrl, queues);
    return found;
  });
  if (role.reachesServer) {
    log.warn(
      `Hallpass works as ${role.name} at ${place}, who can read files and run programs on the database's server and change ` +
        "the audit: give it a role that may only work, as docs/database.md says.",
    );
  }
  if (role.mayMigrate) await migrateAsOwner(databaseUrl, undefined, options);
}

async function insistOnReady(
  client: Client,
  { name, isMigrated }: { readonly name: string; readonly isMigrated: boolean },
  databaseUrl: string,
  queues: boolean,
): Promise<void> {
  const place = describeDatabaseUrl(databaseUrl);
  const run = wordRun(name);
  if (!isMigrated)
    throw new MigrationError(
      `The database at ${place} has no tables of Hallpass's, and ${name} may not make them: ${run}.`,
    );
  const lacking = await wordMissingRights(client, name, databaseUrl, queues);
  if (lacking !== undefined) throw new MigrationError(lacking);
  const migrations = await missingMigrations(client, databaseUrl, { queues });
  if (migrations.length > 0)
    throw new MigrationError(
      `The database at ${place} lacks migrations that ${name} may not apply (${migrations.join(", ")}): ${run}.`,
    );
}

/** Says which needed rights `name` lacks and who can grant them; `undefined` when it has all of them. */
export async function wordMissingRights(
  client: ClientBase,
  name: string,
  databaseUrl: string,
  queues: boolean,
): Promise<string | undefined> {
  const rights = await missingRights(client, name, { queues });
  if (rights.length === 0) return undefined;
  return (
    `${name} may not do what Hallpass needs in the database at ${describeDatabaseUrl(databaseUrl)}: ${wordRun(name)}, or as that owner\n` +
    rights.map((statement) => `  ${statement};`).join("\n")
  );
}

function wordRun(name: string): string {
  return `run hallpass migrate --grant-to ${name} with the DATABASE_URL of the database's owner`;
}

/** Throws if `worker` does not exist or owns the tables. Where there are none yet, the connected role will own them. */
async function insistOnWorker(client: Client, worker: string, ownerUrl: string): Promise<void> {
  const place = describeDatabaseUrl(ownerUrl);
  const { rows } = await client.query<{ owns: boolean }>(
    `select pg_has_role(r.oid, coalesce((select relowner from pg_class where oid = to_regclass('audit_events')),
                                        (select oid from pg_roles where rolname = current_user)), 'member') as owns
     from pg_roles r where r.rolname = $1`,
    [worker],
  );
  if (rows[0] === undefined)
    throw new MigrationError(`There is no role ${worker} at ${place}: docs/database.md says how to make it.`);
  if (rows[0].owns)
    throw new MigrationError(
      `${worker} owns the tables at ${place}, or may act as who does, so that there is nothing to grant: name another role.`,
    );
}

async function grantTo(client: Client, worker: string, queues: boolean): Promise<void> {
  await client.query("begin");
  await grantRights(client, worker, { queues });
  await client.query("commit");
}

function connected<T>(connectionString: string, work: (client: Client) => Promise<T>): Promise<T> {
  return withClient({ connectionString, query_timeout: 30_000, application_name: "hallpass migrate" }, work);
}
