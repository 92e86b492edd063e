import { randomBytes } from "node:crypto";
import { Client } from "pg";
import { owner } from "../../src/persistence/embedded/server.ts";
import { testServer } from "../servers/ask.ts";
import { inDatabase, template } from "../servers/postgres.ts";

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

/** Whoever imports this file needs the server. */
const server = await testServer("postgres");

/** The URL of the server all tests share, of a superuser in the database `postgres`; or in another, or of another role. */
export function serverUrl(database = "postgres", role?: "owner" | "bot"): string {
  const url = role === undefined ? server.url : server.logins[role];
  if (url === undefined)
    throw new Error(`the PostgreSQL of the tests has no login for ${role ?? "superusers"}`);
  return inDatabase(url, database);
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

async function create(from: string): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString("hex")}`;
  await administer(`CREATE DATABASE "${name}" TEMPLATE "${from}" STRATEGY FILE_COPY OWNER ${owner}`);
  return {
    url: serverUrl(name),
    ownerUrl: serverUrl(name, "owner"),
    workUrl: serverUrl(name, "bot"),
    close: () => administer(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`),
  };
}
