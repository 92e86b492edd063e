import { randomBytes } from "node:crypto";
import { Client } from "pg";
import { migrate, migrateQueues } from "../../src/persistence/migrate.ts";
import { testPersonFunction } from "./people.ts";

/** A database of one test file's own. */
export interface TestDatabase {
  readonly url: string;
  /** Drops it, whoever is still connected. */
  close(): Promise<void>;
}

const template = "hallpass_template";

/** The URL of the server all tests share, of a superuser in the database `postgres`; or in another. */
export function serverUrl(database = "postgres"): string {
  const url = process.env["HALLPASS_TEST_POSTGRES"];
  if (!url)
    throw new Error("HALLPASS_TEST_POSTGRES is not set: tests run by Jest, whose global setup sets it.");
  return Object.assign(new URL(url), { pathname: `/${database}` }).href;
}

/** A database with all migrations applied, Hallpass's and BullMQ's: a clone, so quick to make. */
export function createDatabase(): Promise<TestDatabase> {
  return create(template);
}

/** A database with nothing in it, to migrate or to guard. */
export function createEmptyDatabase(): Promise<TestDatabase> {
  return create("template0");
}

/** Runs one statement on the shared server, outside any transaction. */
async function administer(sql: string): Promise<void> {
  const client = new Client({ connectionString: serverUrl() });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** For the global setup: the database that `createDatabase` clones. */
export async function createTemplate(): Promise<void> {
  await administer(`CREATE DATABASE "${template}"`);
  const url = serverUrl(template);
  await migrate(url, { log: { info: () => undefined } });
  await migrateQueues(url);
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(testPersonFunction);
  } finally {
    await client.end();
  }
}

async function create(from: string): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString("hex")}`;
  await administer(`CREATE DATABASE "${name}" TEMPLATE "${from}"`);
  return { url: serverUrl(name), close: () => administer(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`) };
}
