import { ProviderError } from "../provider.ts";
import type { Server, Session } from "./connection.ts";
import { hasCode } from "./errors.ts";

/** A session that another waits for; pid 0 is a prepared transaction. */
type Blocker = {
  readonly pid: number;
  readonly name: string | null;
  readonly user: string | null;
  /** Hidden from those who may not see others' sessions. */
  readonly since: Date | null;
};

/** How long to wait for a lock before looking at who holds it. */
const patienceMilliseconds = 1_000;

/**
 * Runs work that may have to wait for a lock; when it waited in vain, the error says who holds it. If all blockers are
 * sessions of `member`, they are ended after a while, and the work goes on.
 */
export async function withLockWatch<T>(
  server: Server,
  session: Session,
  work: () => Promise<T>,
  member?: string,
): Promise<T> {
  let looking: Promise<readonly Blocker[]> | undefined;
  const timer = setTimeout(() => {
    looking = server.call((other) => lookAtBlockers(other, session.pid, member));
    // Reported below, if it matters.
    looking.catch(() => undefined);
  }, patienceMilliseconds);
  try {
    return await work();
  } catch (error) {
    if (!hasCode(error, "55P03")) throw error;
    const [seen] = await Promise.allSettled([looking]);
    const blockers = seen.status === "fulfilled" ? (seen.value ?? []) : [];
    throw new ProviderError(wordBlockers(blockers), { retryable: true, cause: error });
  } finally {
    clearTimeout(timer);
  }
}

async function lookAtBlockers(
  { client }: Session,
  waiting: number,
  member: string | undefined,
): Promise<readonly Blocker[]> {
  const { rows: blockers } = await client.query<Blocker>(
    `SELECT DISTINCT b.pid, a.usename::text AS name, a.usesysid::text AS user, a.xact_start AS since
       FROM unnest(pg_catalog.pg_blocking_pids($1)) AS b(pid) LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = b.pid
      ORDER BY b.pid`,
    [waiting],
  );
  const areTheirs = member !== undefined && blockers.every(({ user }) => user === member);
  if (areTheirs && blockers.length > 0) {
    await client.query(
      "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE pid = ANY ($1) AND usesysid = $2",
      [blockers.map(({ pid }) => pid), member],
    );
  }
  return blockers;
}

function wordBlockers(blockers: readonly Blocker[]): string {
  if (blockers.length === 0) return "it waits for a lock that somebody else has";
  const words = blockers.map(({ pid, name, since }) => {
    if (pid === 0) return "a prepared transaction";
    const time = since ? `, in a transaction since ${since.toISOString().slice(0, 19)}Z` : "";
    return `session ${pid}${name === null ? "" : ` of "${name}"`}${time}`;
  });
  return `it waits for a lock held by ${words.join(" and ")}`;
}
