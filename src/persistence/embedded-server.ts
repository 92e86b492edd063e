import { readFile, readlink, realpath, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { EmbeddedPostgresError, systemCode, wordsOf } from "./embedded-error.ts";
import { isAlive } from "./embedded-lock.ts";

/** What a server writes beside its data while it runs: `postmaster.pid`. */
export interface ServerRecord {
  readonly pid: number;
  readonly startedAt: string;
  readonly port: number;
}

/** Where a server listens, on 127.0.0.1, and the password it wants. */
export interface Address {
  readonly port: number;
  readonly password: string;
}

export const user = "hallpass";
const database = "hallpass";

/** The address as `DATABASE_URL` would give it. */
export function addressUrl({ port, password }: Address): string {
  return `postgresql://${user}:${password}@127.0.0.1:${port}/${database}`;
}

/** The wanted port if nobody has it, or else one that is free. */
export function freePort(wanted: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", (error) => (wanted === 0 ? reject(error) : resolve(freePort(0))));
    probe.listen({ port: wanted, host: "127.0.0.1" }, () => {
      const address = probe.address();
      probe.close(() => resolve(address !== null && typeof address === "object" ? address.port : 0));
    });
  });
}

/** Reads what the running, starting or killed server wrote about itself. */
export async function readRecord(data: string): Promise<ServerRecord | undefined> {
  let text: string;
  try {
    text = await readFile(join(data, "postmaster.pid"), "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
  // https://github.com/postgres/postgres/blob/master/src/include/utils/pidfile.h
  const [pid, , startedAt = "", port] = text.split("\n");
  // Made, and not written yet: whoever takes the empty file for a stranger's takes it from a server that is starting.
  if (!(Number(pid) > 0)) return undefined;
  return { pid: Number(pid), startedAt, port: Number(port) };
}

/** Takes away a record that a server killed at its very start left empty; only while no other can be starting. */
export async function dropEmptyRecord(data: string): Promise<void> {
  if ((await readRecord(data)) === undefined) await rm(join(data, "postmaster.pid"), { force: true });
}

/**
 * Waits for the server of a record to answer: `answers`, or `gone` when there is none (any more). Throws when it lives
 * but doesn't answer until the deadline (of `performance.now()`), and the signal's reason when aborted.
 */
export async function awaitServer(
  data: string,
  password: string,
  deadline: number,
  signal?: AbortSignal,
): Promise<{ readonly state: "answers"; readonly port: number } | { readonly state: "gone" }> {
  let said = "nothing";
  for (;;) {
    signal?.throwIfAborted();
    const record = await readRecord(data);
    if (!record) return { state: "gone" };
    if (!isAlive(record.pid)) return { state: "gone" };
    if ((await isForeign(record.pid, data)) === true) {
      // PostgreSQL itself only asks whether the process id is alive, and would refuse to start.
      await rm(join(data, "postmaster.pid"), { force: true });
      return { state: "gone" };
    }
    const answer = await ask({ port: record.port, password }, record);
    if (answer.ours) return { state: "answers", port: record.port };
    said = answer.said;
    if (performance.now() > deadline) {
      throw new EmbeddedPostgresError(
        `Hallpass's own PostgreSQL (process ${record.pid}, port ${record.port}, data in ${data}) runs but could not be ` +
          `used: ${said}. Wait, or end that process and start again.`,
      );
    }
    await sleep(25);
  }
}

/** Creates the database when it isn't there yet. */
export async function ensureDatabase(address: Address): Promise<void> {
  await withClient(address, async (client) => {
    const found = await client.query("SELECT 1 FROM pg_database WHERE datname = $1", [database]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE "${database}"`);
  });
}

/** Whether the process is something other than the server of these data; `undefined` where that can't be told. */
async function isForeign(pid: number, data: string): Promise<boolean | undefined> {
  if (process.platform !== "linux") return undefined;
  try {
    // A server works in its data directory.
    return (await readlink(`/proc/${pid}/cwd`)) !== (await realpath(data));
  } catch (error) {
    // No such directory: ended, or ended and not yet collected by its parent.
    return systemCode(error) === "ENOENT" ? true : undefined;
  }
}

/** Asks who listens there: only the server that wrote the record can read it back to us. */
async function ask(
  address: Address,
  record: ServerRecord,
): Promise<{ readonly ours: true } | { readonly ours: false; readonly said: string }> {
  try {
    const text = await withClient(address, async (client) => {
      const { rows } = await client.query<{ record: string }>(
        "SELECT pg_read_file('postmaster.pid') AS record",
      );
      return rows[0]?.record ?? "";
    });
    const [pid, , startedAt] = text.split("\n");
    if (Number(pid) === record.pid && startedAt === record.startedAt) return { ours: true };
    return { ours: false, said: `another server answers on port ${address.port}` };
  } catch (error) {
    return {
      ours: false,
      said: wordsOf(error),
    };
  }
}

async function withClient<T>(address: Address, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({
    host: "127.0.0.1",
    port: address.port,
    user,
    password: address.password,
    database: "postgres",
    connectionTimeoutMillis: 5_000,
    query_timeout: 30_000,
    application_name: "hallpass start",
  });
  // A connection lost between two queries is told by the next query.
  client.on("error", () => undefined);
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end();
  }
}
