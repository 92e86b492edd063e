import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { PrismaPg } from "@prisma/adapter-pg";
import type { SqlDriverAdapter, SqlQuery } from "@prisma/driver-adapter-utils";
import type { MigrationList } from "@prisma/schema-engine-wasm/schema_engine_bg";
import { type ClientBase, DatabaseError, Pool } from "pg";
import { queueNames } from "../../domain/effect.ts";
import { describeDatabaseUrl, isDatabaseUnavailable } from "./database.ts";
import { maskPassword } from "../../mask-password.ts";
import { packageFolder } from "../../package-folder.ts";
import { loadSchemaEngine } from "./schema-engine.ts";
import { messageOf } from "../../error-message.ts";

export interface MigrateOptions {
  readonly log: { info(message: string): void };
  /** The directory of the migrations; the project's own by default. */
  readonly directory?: string;
  /** How long to wait for another process that migrates the same database; 60 s by default. */
  readonly patienceMilliseconds?: number;
}

/** The database can't be brought to what this version needs; the message says why and what to do. */
export class MigrationError extends Error {
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = "MigrationError";
  }
}

interface Migration {
  readonly name: string;
  readonly sql: string;
}

const ownMigrations = join(packageFolder(), "prisma", "migrations");
// The advisory lock for migrating a database: "hallpass", as far as 63 bits go.
const lockKey = "7521418340428968307";

/**
 * Applies the missing prisma/migrations with Prisma's own engine and its own table `_prisma_migrations`, all or
 * nothing. Replicas may call it at once. Throws `MigrationError`, or the driver's error when the database can't be
 * asked.
 */
export async function migrate(
  databaseUrl: string,
  options: MigrateOptions,
): Promise<{ readonly applied: readonly string[] }> {
  const migrations = await readMigrations(options.directory ?? ownMigrations);
  return exclusively(databaseUrl, options.patienceMilliseconds, async (pool) => {
    const missing = await findMissing(pool, migrations, databaseUrl);
    if (missing.length === 0) return { applied: [] };
    options.log.info(`Migrating the database at ${describeDatabaseUrl(databaseUrl)}: ${missing.join(", ")}`);
    await apply(pool, migrations, databaseUrl);
    return { applied: missing };
  });
}

/**
 * Creates or updates the tables of BullMQ's PostgreSQL backend (schema `bullmq`), and creates what BullMQ itself would
 * at a queue's first job, which the working role may not. Replicas may call it at once.
 */
export async function migrateQueues(databaseUrl: string, patienceMilliseconds?: number): Promise<void> {
  // Imported here because BullMQ is large, and not everybody who migrates needs it.
  const { runMigrations } = await import("bullmq");
  await exclusively(databaseUrl, patienceMilliseconds, async (pool) => {
    const client = await pool.connect();
    try {
      await runMigrations(client);
      const unbegun = await findUnbegun(client);
      await client.query("BEGIN");
      await client.query("SET LOCAL search_path = bullmq");
      for (const name of unbegun) await client.query("SELECT next_job_id($1)", [name]);
      await client.query("COMMIT");
    } finally {
      client.release();
    }
  });
}

/** Lists what `migrate` and, with `queues`, `migrateQueues` would apply; for a role that may only read. */
export async function missingMigrations(
  client: ClientBase,
  databaseUrl: string,
  { queues }: { readonly queues: boolean },
): Promise<readonly string[]> {
  const missing = await findMissing(client, await readMigrations(ownMigrations), databaseUrl);
  if (!queues) return missing;
  const { rows } = await client.query<{ exists: boolean }>(
    "SELECT to_regclass('bullmq.migration') IS NOT NULL AS exists",
  );
  const { assertSchemaCompatibility, LATEST_SCHEMA_VERSION } = await import("bullmq");
  const version = rows[0]?.exists ? await assertSchemaCompatibility(client) : 0;
  const isBehind = version < LATEST_SCHEMA_VERSION || (await findUnbegun(client)).length > 0;
  return isBehind ? [...missing, "those of the queues"] : missing;
}

/** Finds queues without the sequence that BullMQ creates at a queue's first job. */
async function findUnbegun(client: ClientBase): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(
    "SELECT name FROM unnest($1::text[]) AS name WHERE to_regclass('bullmq.' || bullmq.job_id_seq_name(name)) IS NULL",
    [queueNames],
  );
  return rows.map(({ name }) => name);
}

type Asking = Pick<Pool, "query"> | Pick<ClientBase, "query">;

async function findMissing(
  database: Asking,
  migrations: readonly Migration[],
  databaseUrl: string,
): Promise<readonly string[]> {
  const known = new Set(migrations.map(({ name }) => name));
  const recorded = await readRecorded(database);
  const unknown = recorded.filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new MigrationError(
      `The database at ${describeDatabaseUrl(databaseUrl)} is newer than this Hallpass, which doesn't know its ` +
        `migration ${unknown.join(", ")}: start the version that made it (or a later one).`,
    );
  }
  return migrations.filter(({ name }) => !recorded.includes(name)).map(({ name }) => name);
}

async function apply(pool: Pool, migrations: readonly Migration[], databaseUrl: string): Promise<void> {
  // The engine rewords a failure and keeps querying in the failed transaction, so the first error is the one to report.
  let first: { readonly error: unknown; readonly script?: string } | undefined;
  const prisma = new PrismaPg(pool);
  const noting = async <T>(asking: Promise<T>, script?: string): Promise<T> => {
    try {
      return await asking;
    } catch (error) {
      first ??= { error, ...(script !== undefined && { script }) };
      throw error;
    }
  };
  const connect = async (): Promise<SqlDriverAdapter> => {
    const adapter = await prisma.connect();
    const [queryRaw, executeRaw] = [adapter.queryRaw.bind(adapter), adapter.executeRaw.bind(adapter)];
    return Object.assign(adapter, {
      queryRaw: (query: SqlQuery) => noting(queryRaw(query)),
      executeRaw: (query: SqlQuery) => noting(executeRaw(query)),
      // Prisma's version cuts a script at each semicolon, in functions and comments too; the server knows where statements end.
      executeScript: async (script: string) => void (await noting(pool.query(script), script)),
    });
  };
  const { provider, adapterName } = prisma;
  const engine = await loadSchemaEngine({ provider, adapterName, connect, connectToShadowDb: connect });
  try {
    // One transaction for all: a process killed here leaves nothing half done, and no failed entry to clear away.
    await pool.query("BEGIN");
    const filters = { externalTables: [], externalEnums: [] };
    await engine.applyMigrations({ migrationsList: toList(migrations), filters });
    await pool.query("COMMIT");
  } catch (error) {
    const cause = first?.error ?? error;
    if (isDatabaseUnavailable(cause)) throw cause;
    const where = first?.script === undefined ? "" : `${placeOf(first.script, cause, migrations)}: `;
    const [said] = messageOf(cause).trim().split("\n");
    throw new MigrationError(
      `The database at ${describeDatabaseUrl(databaseUrl)} can't be migrated: ${where}${maskPassword(said ?? "", databaseUrl)} ` +
        "(nothing was changed).",
      { cause },
    );
  } finally {
    engine.free();
  }
}

/** The file, and the line if the server reported a position in the script. */
function placeOf(script: string, error: unknown, migrations: readonly Migration[]): string {
  const name = migrations.find(({ sql }) => sql === script)?.name ?? "(unknown)";
  const position = error instanceof DatabaseError ? error.position : undefined;
  const line = position === undefined ? "" : `:${script.slice(0, Number(position)).split("\n").length}`;
  return `${name}/migration.sql${line}`;
}

/** Runs `work` on one connection that holds the migration lock; it must use no other. */
async function exclusively<T>(
  databaseUrl: string,
  patienceMilliseconds: number = 60_000,
  work: (pool: Pool) => Promise<T>,
): Promise<T> {
  const pool = new Pool({
    connectionString: databaseUrl,
    max: 1,
    idleTimeoutMillis: 0,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    application_name: "hallpass migrate",
  });
  let connections = 0;
  pool.on("connect", (client) => {
    connections += 1;
    // The lock and the transaction were lost with the first connection, so nothing may continue on a second.
    if (connections > 1) void client.end();
    // A connection lost while in use is reported by its query.
    client.on("error", () => undefined);
  });
  // The next query reports a connection lost between two queries.
  pool.on("error", () => undefined);
  try {
    await takeLock(pool, patienceMilliseconds, databaseUrl);
    return await work(pool);
  } finally {
    await pool.end();
  }
}

async function takeLock(pool: Pool, patienceMilliseconds: number, databaseUrl: string): Promise<void> {
  try {
    await pool.query(`SET lock_timeout = ${Math.ceil(patienceMilliseconds)}`);
    await pool.query(`SELECT pg_advisory_lock(${lockKey})`);
    await pool.query("SET lock_timeout = 0");
  } catch (error) {
    const lockNotAvailable = "55P03";
    if (!(error instanceof DatabaseError) || error.code !== lockNotAvailable) throw error;
    throw new MigrationError(
      `Another process has been migrating the database at ${describeDatabaseUrl(databaseUrl)} for ` +
        `${patienceMilliseconds / 1_000} s; wait for it, or end it, and start again.`,
      { cause: error },
    );
  }
}

/** Reads the names of this database's migrations from `_prisma_migrations`. */
async function readRecorded(database: Asking): Promise<readonly string[]> {
  const found = await database.query<{ exists: boolean }>(
    "SELECT to_regclass('_prisma_migrations') IS NOT NULL AS exists",
  );
  if (!found.rows[0]?.exists) return [];
  const { rows } = await database.query<{ name: string }>(
    `SELECT migration_name AS name FROM _prisma_migrations
      WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL ORDER BY started_at`,
  );
  return rows.map(({ name }) => name);
}

function toList(migrations: readonly Migration[]): MigrationList {
  return {
    baseDir: ownMigrations,
    lockfile: { path: "migration_lock.toml", content: 'provider = "postgresql"\n' },
    shadowDbInitScript: "",
    migrationDirectories: migrations.map(({ name, sql }) => ({
      path: name,
      migrationFile: { path: "migration.sql", content: { tag: "ok", value: sql } },
    })),
  };
}

async function readMigrations(directory: string): Promise<Migration[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return Promise.all(
    names
      .toSorted()
      .map(async (name) => ({ name, sql: await readFile(join(directory, name, "migration.sql"), "utf8") })),
  );
}
