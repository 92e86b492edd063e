import type { Pool, PoolClient } from "pg";
import { createCaller } from "../caller.ts";
import { ProviderError } from "../provider.ts";
import { addressOf, secretsOf } from "./address.ts";
import { classify } from "./errors.ts";

/** A connection, and the facts about its server that do not change while it lasts. */
export type Session = {
  readonly client: PoolClient;
  readonly pid: number;
  /** As `server_version_num`: 150000 and more. */
  readonly version: number;
  /** Identifies the server, by `system_identifier` or, if that may not be read, by OIDs after `oids:`. */
  readonly system: string;
  /** The role we act as, by OID. */
  readonly self: string;
};

/** A server, by its URL. */
export type Server = {
  /** Host and port. */
  readonly address: string;
  /** Runs `work` on a connection, within what is left of the time limit since `askedAt`; throws `ProviderError`. */
  call<T>(work: (session: Session) => Promise<T>, askedAt?: number): Promise<T>;
  /**
   * Keeps one connection open from now on: live access has to be ended, and its holder may take all the server's slots
   * meanwhile. It is the pool's last one, which no longer times out when idle.
   */
  stay(): void;
  close(): Promise<void>;
};

/** In milliseconds. The server times out before we do, so that nothing takes effect that we no longer wait for. */
export type Times = {
  readonly connect: number;
  readonly lock: number;
  readonly statement: number;
  readonly call: number;
  /** A connection unused for this long is closed. */
  readonly idle: number;
};

export const usualTimes: Times = { connect: 5_000, lock: 3_500, statement: 4_500, call: 9_500, idle: 30_000 };

/** Creates a server whose connections are opened when first needed. */
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
    // If this process is paused between a GRANT and its COMMIT, the server rolls the GRANT back.
    idle_in_transaction_session_timeout: times.statement,
    query_timeout: times.statement + 1_000,
    idleTimeoutMillis: times.idle,
    allowExitOnIdle: true,
    keepAlive: true,
    application_name: "hallpass",
  });
  // The next call replaces an idle connection that is lost; without a listener, its error would end the process.
  pool.on("error", ignore);
  return pool;
}

function ignore(): void {
  // See where it is used.
}

/** Runs `work` on a connection, which is dropped if the work fails or takes too long. */
async function withClient<T>(
  pool: Pool,
  signal: AbortSignal,
  work: (client: PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  // A connection lost while in use is reported by its query.
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
    // After any failure, a new connection is cheaper than finding out whether this one is still good.
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

/** Whether a server is identified by OIDs only, which another server may have too. */
export function isGuess(system: string): boolean {
  return system.startsWith("oids:");
}
