import { readFile, readlink, realpath, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "pg";
import { EmbeddedPostgresError, systemCode } from "./error.ts";
import { isAlive } from "./lock.ts";
import { withClient } from "../database/with-client.ts";
import { messageOf } from "../../error-message.ts";

/** What a running server writes beside its data: `postmaster.pid`. */
export interface ServerRecord {
  readonly pid: number;
  readonly startedAt: string;
  readonly port: number;
}

/** A role of the server and its password. */
export interface Login {
  readonly role: string;
  readonly password: string;
}

/** A login, and the server's port on 127.0.0.1. */
export interface Address extends Login {
  readonly port: number;
}

/** Creates the other two roles; after that, nobody can log in as it. */
export const superuser = "hallpass";
/** Owns the database and migrates it. */
export const owner = "hallpass_owner";
/** The role Hallpass works as. */
export const worker = "hallpass_bot";
export const database = "hallpass";

/** The address as `DATABASE_URL` would give it. */
export function addressUrl({ port, role, password }: Address): string {
  return `postgresql://${role}:${password}@127.0.0.1:${port}/${database}`;
}

/** The wanted port if it is free, or else any free one. */
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

/** Reads what a running, starting or killed server wrote about itself. */
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
  // Created and not written yet: removing the empty file as a stranger's would take it from a server that is starting.
  if (!(Number(pid) > 0)) return undefined;
  return { pid: Number(pid), startedAt, port: Number(port) };
}

/** Removes the empty record of a server that was killed at its very start; only while no other can be starting. */
export async function dropEmptyRecord(data: string): Promise<void> {
  if ((await readRecord(data)) === undefined) await rm(join(data, "postmaster.pid"), { force: true });
}

/**
 * Waits until the server of a record accepts one of these logins, tried in order: `answers`, or `gone` when there is no
 * server (any more). Throws when it is alive but has not answered by the deadline (of `performance.now()`), and the
 * signal's reason when aborted.
 */
export async function awaitServer(
  data: string,
  logins: readonly Login[],
  deadline: number,
  signal?: AbortSignal,
): Promise<{ readonly state: "answers"; readonly at: Address } | { readonly state: "gone" }> {
  let said = "nothing";
  for (;;) {
    signal?.throwIfAborted();
    const record = await readRecord(data);
    if (!record) return { state: "gone" };
    if (!isAlive(record.pid)) return { state: "gone" };
    if ((await isForeign(record.pid, data)) === true) {
      // PostgreSQL itself only checks whether the process id is alive, and would refuse to start.
      await rm(join(data, "postmaster.pid"), { force: true });
      return { state: "gone" };
    }
    const answer = await askInTurn(logins, record);
    if (answer.ours) return { state: "answers", at: answer.at };
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

/** Whether the process is something other than the server of these data; `undefined` where that can't be told. */
async function isForeign(pid: number, data: string): Promise<boolean | undefined> {
  if (process.platform !== "linux") return undefined;
  try {
    // A server's working directory is its data directory.
    return (await readlink(`/proc/${pid}/cwd`)) !== (await realpath(data));
  } catch (error) {
    // ENOENT: the process has ended, or has ended and was not yet reaped by its parent.
    return systemCode(error) === "ENOENT" ? true : undefined;
  }
}

type Answer = { readonly ours: true; readonly at: Address } | { readonly ours: false; readonly said: string };

/** A role that does not exist yet, and one that may no longer log in, are refused like a wrong password. */
const refusals = new Set(["28P01", "28000"]);

async function askInTurn(logins: readonly Login[], record: ServerRecord): Promise<Answer> {
  let answer: Answer = { ours: false, said: "nothing" };
  for (const login of logins) {
    try {
      answer = await ask({ ...login, port: record.port }, record);
      break;
    } catch (error) {
      answer = { ours: false, said: messageOf(error) };
      if (!refusals.has(systemCode(error) ?? "")) break;
    }
  }
  return answer;
}

/** Maximum time from the start in the record to the one the server reports. */
const startedWithinSeconds = 60;

/**
 * Checks who listens there. With SCRAM the server also proves to us that it knows the password; a server on a copy of
 * the data would, too, but it started at another time than the record says.
 */
async function ask(at: Address, record: ServerRecord): Promise<Answer> {
  const seconds = await inDatabase(at, at.role === superuser ? "postgres" : database, async (client) => {
    const { rows } = await client.query<{ seconds: number }>(
      "SELECT extract(epoch FROM pg_postmaster_start_time())::float8 AS seconds",
    );
    return rows[0]?.seconds ?? 0;
  });
  const late = seconds - Number(record.startedAt);
  if (late > -1 && late < startedWithinSeconds) return { ours: true, at };
  return { ours: false, said: `another server answers on port ${at.port}` };
}

/** Runs `work` on a connection to one of the server's databases. */
export function inDatabase<T>(at: Address, name: string, work: (client: Client) => Promise<T>): Promise<T> {
  const { port, role: user, password } = at;
  const login = { host: "127.0.0.1", port, user, password, database: name };
  return withClient({ ...login, query_timeout: 30_000, application_name: "hallpass start" }, work);
}
