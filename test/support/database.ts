import { randomBytes } from "node:crypto";
import { Client } from "pg";
import { migrateAsOwner } from "../../src/persistence/bring-up-to-date.ts";
import { owner, worker } from "../../src/persistence/embedded-server.ts";
import { testPersonFunction } from "./people.ts";

/** A database of one test file's own. */
export interface TestDatabase {
  /** As a superuser, to look and to tamper. */
  readonly url: string;
  /** As the role that owns it. */
  readonly ownerUrl: string;
  /** As the role Hallpass works as, which lacks what it should not need. */
  readonly workUrl: string;
  /** Drops it, whoever is still connected. */
  close(): Promise<void>;
}

const template = "hallpass_template";

/** The URL of the server all tests share, of a superuser in the database `postgres`; or in another, or of another role. */
export function serverUrl(database = "postgres", role?: "OWNER" | "BOT"): string {
  const name = role === undefined ? "HALLPASS_TEST_POSTGRES" : `HALLPASS_TEST_POSTGRES_${role}`;
  const url = process.env[name];
  if (!url) throw new Error(`${name} is not set: tests run by Jest, whose global setup sets it.`);
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
  await administer(`CREATE DATABASE "${template}" OWNER ${owner}`);
  const log = { info: () => undefined, warn: () => undefined };
  const url = serverUrl(template, "OWNER");
  await migrateAsOwner(url, worker, { queues: true, log });
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
  await administer(`CREATE DATABASE "${name}" TEMPLATE "${from}" OWNER ${owner}`);
  return {
    url: serverUrl(name),
    ownerUrl: serverUrl(name, "OWNER"),
    workUrl: serverUrl(name, "BOT"),
    close: () => administer(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`),
  };
}
