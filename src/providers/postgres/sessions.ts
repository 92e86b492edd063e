import { setTimeout as sleep } from "node:timers/promises";
import { ProviderError } from "../provider.ts";
import type { Session } from "./connection.ts";

/** A session that was told to end; `user` by OID. */
export type Told = { readonly user: string; readonly pid: number };

const endingMilliseconds = 2_000;

/**
 * The statement that ends all sessions of these members, by OID, but never our own. PostgreSQL checks membership at
 * each statement, but a session that has done `SET ROLE` stays that role until it ends, and nothing shows which
 * sessions have.
 */
export function endSessionsStatement({ self }: Session, members: readonly string[]): string {
  const oids = members.map((oid) => `${BigInt(oid)}`).join(", ");
  return `SELECT usesysid::text AS user, pid, pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
           WHERE usesysid IN (${oids}) AND usesysid <> ${self} AND usename IS DISTINCT FROM session_user AND pid <> pg_backend_pid()`;
}

/** Waits until the sessions that were told to end have ended. */
export async function untilEnded({ client }: Session, told: readonly Told[], name: string): Promise<void> {
  const deadline = performance.now() + endingMilliseconds;
  for (;;) {
    const { rows: left } = await client.query<{ pid: number }>(
      `SELECT pid FROM pg_catalog.pg_stat_activity
         JOIN unnest($1::oid[], $2::int[]) AS told("user", number) ON told."user" = usesysid AND told.number = pid`,
      [told.map(({ user }) => user), told.map(({ pid }) => pid)],
    );
    if (left.length === 0) return;
    if (performance.now() > deadline) {
      throw new ProviderError(
        `${left.length} session(s) of "${name}" were told to end and have not ended after ${endingMilliseconds / 1_000} s`,
        { retryable: true },
      );
    }
    await sleep(20);
  }
}

/** When a member, by OID, last used anything. `statements`: each member's number of statements at the previous look. */
export async function lastUse(
  session: Session,
  member: string,
  statements: Map<string, number>,
): Promise<Date | undefined> {
  // As an age, because the server's clock may differ from ours.
  const { rows } = await session.client.query<{ seconds: number | null; counts: boolean }>(
    `SELECT min(CASE WHEN state IN ('active', 'fastpath function call') THEN 0
                     ELSE extract(epoch FROM statement_timestamp() - greatest(state_change, backend_start))
                END)::float8 AS seconds,
            to_regclass('pg_stat_statements') IS NOT NULL AS counts
       FROM pg_catalog.pg_stat_activity WHERE usesysid = $1`,
    [member],
  );
  const [seen] = rows;
  if (seen?.counts === true && (await hasCountedMore(session, member, statements))) return new Date();
  const seconds = seen?.seconds ?? undefined;
  return seconds === undefined ? undefined : new Date(Date.now() - Math.max(0, seconds) * 1000);
}

async function hasCountedMore(
  { client, system }: Session,
  member: string,
  statements: Map<string, number>,
): Promise<boolean> {
  const { rows } = await client.query<{ calls: string }>(
    "SELECT coalesce(sum(calls), 0) AS calls FROM pg_stat_statements WHERE userid = $1",
    [member],
  );
  const calls = Number(rows[0]?.calls ?? 0);
  const key = `${system}/${member}`;
  const before = statements.get(key);
  statements.set(key, calls);
  return before !== undefined && calls !== before;
}
