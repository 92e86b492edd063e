import { setTimeout as sleep } from "node:timers/promises";
import { PrismaPg } from "@prisma/adapter-pg";
import { PrismaClient } from "../../generated/prisma/client.ts";
import { maskPassword } from "../../mask-password.ts";
import { messageOf, property } from "../../error-message.ts";
import { withClient } from "./with-client.ts";

export interface DatabaseOptions {
  /** Maximum connections; 10 by default. */
  readonly poolSize?: number;
  /** The connections' name in `pg_stat_activity`. */
  readonly applicationName?: string;
}

export interface Database {
  readonly prisma: PrismaClient;
  close(): Promise<void>;
}

/** The server answered with an error that a retry won't fix (a wrong password, no such database). */
export class DatabaseRefusedError extends Error {
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = "DatabaseRefusedError";
  }
}

const connectMilliseconds = 5_000;
const statementMilliseconds = 15_000;
const checkMilliseconds = 2_000;

/** Opens a connection pool. The first query makes the first connection, so this never waits and never fails. */
export function openDatabase(url: string, options: DatabaseOptions = {}): Database {
  const connections = {
    connectionString: url,
    max: options.poolSize ?? 10,
    connectionTimeoutMillis: connectMilliseconds,
    statement_timeout: statementMilliseconds,
    // A hanging server, or a network that drops packets, does not enforce statement_timeout.
    query_timeout: statementMilliseconds + 5_000,
    keepAlive: true,
    application_name: options.applicationName ?? "hallpass",
  };
  const adapter = new PrismaPg(connections, { statementNameGenerator: createStatementNames() });
  const prisma = new PrismaClient({ adapter });
  return { prisma, close: () => prisma.$disconnect() };
}

/** Maximum named statements. Each connection keeps its own for good, so texts that vary must not keep adding to them. */
const maxStatements = 200;

/**
 * Names each statement text, so that a connection parses and plans it once instead of at each use (half the server's
 * work). Past `maxStatements`, statements stay unnamed.
 */
function createStatementNames(): (query: { readonly sql: string }) => string {
  const names = new Map<string, string>();
  return ({ sql }) => {
    const known = names.get(sql);
    if (known !== undefined) return known;
    // The empty name is PostgreSQL's unnamed statement.
    if (names.size >= maxStatements) return "";
    const name = `hallpass_${names.size + 1}`;
    names.set(sql, name);
    return name;
  };
}

/** Creates a check that says, for an operator, why the database can't be used now; `undefined` when it answers. */
export function createDatabaseCheck({ prisma }: Database): () => Promise<string | undefined> {
  // One query at a time, however many callers: an unresponsive database must not use up all connections.
  let asking: Promise<unknown> | undefined;
  return async () => {
    asking ??= prisma.$queryRaw`SELECT 1`.finally(() => {
      asking = undefined;
    });
    try {
      const silence = sleep(checkMilliseconds, "silence" as const, { ref: false });
      if ((await Promise.race([asking, silence])) !== "silence") return undefined;
      return `the database has not answered for ${checkMilliseconds / 1_000} s`;
    } catch (error) {
      if (isDatabaseUnavailable(error)) return "the database can't be reached";
      return `the database can't be used: ${messageOf(error)}`;
    }
  };
}

/** Says where a database is, for people and logs: without the password and without parameters. */
export function describeDatabaseUrl(url: string): string {
  if (!URL.canParse(url))
    return "an address that can't be read (expected postgresql://user:password@host:port/name)";
  const { protocol, username, hostname, port, pathname, searchParams } = new URL(url);
  const host = hostname || searchParams.get("host") || "localhost";
  return `${protocol}//${username ? `${username}@` : ""}${host}:${port || "5432"}${pathname}`;
}

/**
 * Waits until the database answers; while it doesn't, says so at once and then at growing intervals (5 s to 60 s). Throws
 * `DatabaseRefusedError` when it answers with a refusal, and the signal's reason when aborted.
 */
export async function waitForDatabase(
  url: string,
  { log, signal }: { readonly log: { warn(message: string): void }; readonly signal?: AbortSignal },
): Promise<void> {
  let nextWord = 0;
  let silence = 5_000;
  for (;;) {
    signal?.throwIfAborted();
    try {
      await connectOnce(url);
      return;
    } catch (error) {
      const said = maskPassword(messageOf(error), url);
      if (!isDatabaseUnavailable(error)) {
        throw new DatabaseRefusedError(
          `The database at ${describeDatabaseUrl(url)} refused Hallpass: ${said}`,
          {
            cause: error,
          },
        );
      }
      if (performance.now() >= nextWord) {
        log.warn(`Waiting for the database at ${describeDatabaseUrl(url)}: ${said}`);
        nextWord = performance.now() + silence;
        silence = Math.min(silence * 2, 60_000);
      }
    }
    await sleep(500, undefined, signal && { signal }).catch(() => signal?.throwIfAborted());
  }
}

function connectOnce(url: string): Promise<unknown> {
  const settings = {
    connectionString: url,
    connectionTimeoutMillis: connectMilliseconds,
    query_timeout: connectMilliseconds,
    application_name: "hallpass",
  };
  return withClient(settings, (client) => client.query("SELECT 1"));
}

// https://www.prisma.io/docs/orm/reference/error-reference: unreachable, timed out, closed, pool exhausted, too many.
const prismaCodes = new Set(["P1001", "P1002", "P1008", "P1017", "P2024", "P2037"]);
const driverKinds = new Set([
  "DatabaseNotReachable",
  "ConnectionClosed",
  "SocketTimeout",
  "TooManyConnections",
]);
const systemCodes =
  /^(?:ECONNREFUSED|ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|E(?:HOST|NET)(?:UNREACH|DOWN)|ENOTFOUND|EAI_AGAIN|ENOENT)$/;
// https://www.postgresql.org/docs/current/errcodes-appendix.html: connection exceptions (08), too many connections,
// out of memory or disk on the server's side, shutdown, crash, "cannot connect now", and a standby not yet promoted.
const sqlStates = /^(?:08\w{3}|53\w{3}|57P0[1235]|25006)$/;
// pg throws these without a code.
const driverMessages = [
  "Connection terminated",
  "timeout exceeded when trying to connect",
  "Query read timeout",
  "timeout expired",
  "Client has encountered a connection error",
  "Client was closed and is not queryable",
];

/** Whether the database could not be asked at all, so that a retry may succeed. */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (typeof error !== "object" || error === null) return false;
  const kind = property(error, "kind");
  if (typeof kind === "string" && driverKinds.has(kind)) return true;
  const codes = [property(error, "code"), property(error, "originalCode")];
  if (codes.some((code) => typeof code === "string" && isUnavailableCode(code))) return true;
  const message = property(error, "message");
  if (typeof message === "string" && driverMessages.some((text) => message.startsWith(text))) return true;
  const errors = property(error, "errors");
  if (Array.isArray(errors) && errors.length > 0) return errors.every((each) => isDatabaseUnavailable(each));
  if (isDatabaseUnavailable(property(error, "cause"))) return true;
  // Prisma hides the driver's error in `meta.driverAdapterError`.
  const meta = property(error, "meta");
  return (
    typeof meta === "object" &&
    meta !== null &&
    Object.values(meta).some((each) => isDatabaseUnavailable(each))
  );
}

/** Whether the server refused a statement because the connected role lacks the right. */
export function isDenied(error: unknown): boolean {
  if (typeof error !== "object" || error === null) return false;
  const insufficientPrivilege = "42501";
  if ([property(error, "code"), property(error, "originalCode")].includes(insufficientPrivilege)) return true;
  const meta = property(error, "meta");
  const within = typeof meta === "object" && meta !== null ? Object.values(meta) : [];
  return [property(error, "cause"), ...within].some((each) => isDenied(each));
}

function isUnavailableCode(code: string): boolean {
  return prismaCodes.has(code) || systemCodes.test(code) || sqlStates.test(code);
}
