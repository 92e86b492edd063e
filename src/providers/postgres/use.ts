import type { Session } from "./connection.ts";

/** When a member last used anything, by OID; `statements`: how many of each one's were counted when it was last looked. */
export async function lastUse(
  session: Session,
  member: string,
  statements: Map<string, number>,
): Promise<Date | undefined> {
  // As an age, for the server's clock may be another than ours.
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
