import { setTimeout as sleep } from "node:timers/promises";
import { ProviderError } from "../provider.ts";
import type { Session } from "./connection.ts";

/** A session that was told to end; `user` by OID. */
export type Told = { readonly user: string; readonly pid: number };

const endingMilliseconds = 2_000;

/**
 * The statement that ends all sessions of these members, by OID, but never our own. PostgreSQL asks for membership at each
 * statement, but a session that has done `SET ROLE` stays that role until it ends, and which have is nowhere to be seen.
 */
export function endSessionsStatement({ self }: Session, members: readonly string[]): string {
  const oids = members.map((oid) => `${BigInt(oid)}`).join(", ");
  return `SELECT usesysid::text AS user, pid, pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
           WHERE usesysid IN (${oids}) AND usesysid <> ${self} AND usename IS DISTINCT FROM session_user AND pid <> pg_backend_pid()`;
}

/** Waits until those that were told to end have ended. */
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
