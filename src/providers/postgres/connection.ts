import type { Pool, PoolClient } from "pg";
import { createCaller } from "../caller.ts";
import { ProviderError } from "../provider.ts";
import { addressOf, secretsOf } from "./address.ts";
import { classify } from "./errors.ts";

/** A connection, and what of its server does not change while it lasts. */
export type Session = {
  readonly client: PoolClient;
  readonly pid: number;
  /** As `server_version_num`: 150000 and more. */
  readonly version: number;
  /** Which server it is, by `system_identifier`; where that may not be read, by OIDs, after `oids:`. */
  readonly system: string;
  /** The role we act as, by OID. */
  readonly self: string;
};

/** A server, by its URL. */
export type Server = {
  /** Host and port. */
  readonly address: string;
  /** Does work on a connection, within the time that is left since `askedAt`; throws `ProviderError`. */
  call<T>(work: (session: Session) => Promise<T>, askedAt?: number): Promise<T>;
  /**
   * From now on one connection stays open: access is live that has to end, and whoever has it may fill all slots of the server
   * meanwhile. It is the pool's last one, which no longer idles out.
   */
  stay(): void;
  close(): Promise<void>;
};

/** In milliseconds. The server gives up before we do, so that nothing takes effect that we no longer wait for. */
export type Times = {
  readonly connect: number;
  readonly lock: number;
  readonly statement: number;
  readonly call: number;
  /** After so long without use a connection is closed. */
  readonly idle: number;
};

export const usualTimes: Times = { connect: 5_000, lock: 3_500, statement: 4_500, call: 9_500, idle: 30_000 };

/** Opens connections to a server when they are first needed. */
export function connectTo(url: string, times: Times): Server {
  const address = addressOf(url);
  const sessions = new WeakMap<PoolClient, Promise<Session>>();
  let mustStay = false;
  const caller = createCaller<Pool>({
    async open() {
      const pool = await openPool(url, times);
      if (mustStay) pool.options.min = 1;
      opened = pool;
      return pool;
    },
    shut: (pool) => pool.end(),
    secrets: secretsOf(url),
    classify: (error) => classify(error, address),
    milliseconds: times.call,
  });
  let opened: Pool | undefined;

  return {
    address,
    call: (work, askedAt) =>
      caller.call(
        (pool, signal) =>
          withClient(pool, signal, async (client) => {
            const known = sessions.get(client) ?? introduce(client);
            sessions.set(client, known);
            return work(await known);
          }),
        askedAt,
      ),
    stay() {
      mustStay = true;
      if (opened) opened.options.min = 1;
    },
    close: () => caller.close(),
  };
}

async function openPool(url: string, times: Times): Promise<Pool> {
  const { default: pg } = await import("pg");
  const pool = new pg.Pool({
    connectionString: url,
    max: 4,
    connectionTimeoutMillis: times.connect,
    lock_timeout: times.lock,
    statement_timeout: times.statement,
    // A process that was stopped between a GRANT and its COMMIT finds it undone.
    idle_in_transaction_session_timeout: times.statement,
    query_timeout: times.statement + 1_000,
    idleTimeoutMillis: times.idle,
    allowExitOnIdle: true,
    keepAlive: true,
    application_name: "hallpass",
  });
  // An idle connection that is lost is replaced by the next call; without a listener it would end the process.
  pool.on("error", ignore);
  return pool;
}

function ignore(): void {
  // See where it is used.
}

/** Runs `work` on a connection; whatever fails or takes too long loses its connection. */
async function withClient<T>(
  pool: Pool,
  signal: AbortSignal,
  work: (client: PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  // One lost while in use is told by its query.
  client.on("error", ignore);
  let isReleased = false;
  const release = (broken: boolean): void => {
    if (isReleased) return;
    isReleased = true;
    if (!broken) client.off("error", ignore);
    client.release(broken);
  };
  const giveUp = (): void => release(true);
  signal.addEventListener("abort", giveUp);
  try {
    if (signal.aborted) throw new ProviderError("no connection in time", { retryable: true });
    const result = await work(client);
    release(false);
    return result;
  } finally {
    signal.removeEventListener("abort", giveUp);
    // After any failure a new connection is cheaper than to find out what this one is still good for.
    release(true);
  }
}

async function introduce(client: PoolClient): Promise<Session> {
  const { rows } = await client.query<Omit<Session, "client"> & { readonly may: boolean }>(
    `SELECT pg_backend_pid() AS pid, current_setting('server_version_num')::int AS version,
            'oids:' || (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
                    || '/' || (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = session_user) AS system,
            (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = current_user)::text AS self,
            has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE') AS may`,
  );
  const [row] = rows;
  if (!row) throw new Error("expected a row of a SELECT without FROM");
  const { may, ...found } = row;
  if (!may) return { client, ...found };
  const control = await client.query<{ system: string }>(
    "SELECT system_identifier::text AS system FROM pg_catalog.pg_control_system()",
  );
  return { client, ...found, system: control.rows[0]?.system ?? found.system };
}

/** Whether the server was known by OIDs only, which another server may have too. */
export function isGuess(system: string): boolean {
  return system.startsWith("oids:");
}
