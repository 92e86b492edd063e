import type { Pool, PoolClient } from "pg";
import { z } from "zod";
import { asProviderError } from "./postgres-errors.ts";
import { holdersOf, whyKept } from "./postgres-holders.ts";
import { createMemberships } from "./postgres-memberships.ts";
import { nameFault, quote } from "./postgres-names.ts";
import type { Provider } from "./provider.ts";
import { ProviderError } from "./provider.ts";

/** How a PostgreSQL server is reached: as a user who may grant the roles and end sessions. */
export type PostgresOptions = z.infer<typeof PostgresOptions>;
export const PostgresOptions = z.strictObject({ type: z.literal("postgres"), url: z.string().min(1) });

/** The role whose membership is granted. */
export type PostgresTarget = z.infer<typeof PostgresTarget>;
export const PostgresTarget = z.strictObject({
  role: z
    .string()
    .refine((name) => nameFault(name) === undefined, { error: (issue) => nameFault(String(issue.input)) }),
});

const connectMilliseconds = 5_000;
const queryMilliseconds = 5_000;
const callMilliseconds = 9_500;

/**
 * Grants membership of a role: `GRANT role TO subject`, and nothing else.
 *
 * - What is granted, read back and revoked is the *direct* membership. A subject who has the same role by way of another
 *   role, or is a superuser, keeps that: it isn't ours to take.
 * - `revoke` takes every direct membership of the pair, whoever granted it (from PostgreSQL 16 on there may be several),
 *   and then ends the subject's sessions. PostgreSQL asks for membership at each statement, but a session that has done
 *   `SET ROLE` stays that role until it ends, and which sessions have is nowhere to be seen: so all of them end. People
 *   connect again, with what they have left.
 * - `revoke` returns when those sessions are gone, so `holds` need not look at sessions: any that is open after it was
 *   opened, or at least authorised, without the membership.
 * - Use is what `pg_stat_activity` shows of the subject's sessions, whichever role they act as: running now, or since when
 *   idle. A session that begins and ends between two looks is seen only where the extension `pg_stat_statements` is
 *   installed in the database connected to, by the number of the subject's statements.
 * - `holders` are the direct members, roles among them that others are members of. The role that Hallpass connects as is
 *   none as long as it only may grant the role (`ADMIN OPTION`).
 * - PostgreSQL has no expiry for a membership, so `until` isn't used.
 *
 * Errors are the server's own words; `retryable` unless the server said no.
 */
export function createPostgresProvider({ url }: Pick<PostgresOptions, "url">): Provider<PostgresTarget> {
  let opened: Promise<Pool> | undefined;
  const statements = new Map<string, number>();
  const call = async <T>(
    work: (client: PoolClient) => Promise<T>,
    askedAt = performance.now(),
  ): Promise<T> => {
    try {
      opened ??= openPool(url);
      return await bounded(await opened, work, askedAt);
    } catch (error) {
      throw asProviderError(error, url);
    }
  };
  const memberships = createMemberships(call);

  return {
    targetSchema: PostgresTarget,

    async grant(subject, { role }) {
      await call((client) => client.query(`GRANT ${quote(role)} TO ${quote(subject)}`));
      if (await memberships.exists({ subject, role })) return {};
      throw new ProviderError(`"${subject}" is still no member of "${role}" after it was granted`, {
        retryable: true,
      });
    },

    revoke: (subject, { role }) => memberships.take({ subject, role }),

    holds: (subject, { role }) => memberships.exists({ subject, role }),

    lastUsed: (subject) => call((client) => lastUse(client, subject, statements)),

    holders: ({ role }) =>
      call((client) => (nameFault(role) ? Promise.resolve([]) : holdersOf(client, role))),

    mustKeep: (subject, { role }) => call((client) => whyKept(client, subject, role)),

    check: () => call(insistOnRights),

    async close() {
      const pool = opened;
      opened = undefined;
      await (await pool)?.end();
    },
  };
}

/** `statements`: how many of each subject's were counted when it was last looked. */
async function lastUse(
  client: PoolClient,
  subject: string,
  statements: Map<string, number>,
): Promise<Date | undefined> {
  // As an age, for the server's clock may be another than ours.
  const { rows } = await client.query<{ seconds: number | null; counts: boolean }>(
    `SELECT min(CASE WHEN state IN ('active', 'fastpath function call') THEN 0
                     ELSE extract(epoch FROM statement_timestamp() - greatest(state_change, backend_start))
                END)::float8 AS seconds,
            to_regclass('pg_stat_statements') IS NOT NULL AS counts
       FROM pg_catalog.pg_stat_activity WHERE usename = $1`,
    [subject],
  );
  const [seen] = rows;
  if (seen?.counts === true && (await hasCountedMore(client, subject, statements))) return new Date();
  const seconds = seen?.seconds ?? undefined;
  return seconds === undefined ? undefined : new Date(Date.now() - Math.max(0, seconds) * 1000);
}

async function hasCountedMore(
  client: PoolClient,
  subject: string,
  statements: Map<string, number>,
): Promise<boolean> {
  const { rows } = await client.query<{ calls: string }>(
    `SELECT coalesce(sum(calls), 0) AS calls
       FROM pg_stat_statements s JOIN pg_catalog.pg_roles r ON r.oid = s.userid WHERE r.rolname = $1`,
    [subject],
  );
  const calls = Number(rows[0]?.calls ?? 0);
  const before = statements.get(subject);
  statements.set(subject, calls);
  return before !== undefined && calls !== before;
}

async function insistOnRights(client: PoolClient): Promise<void> {
  const { rows } = await client.query<{ name: string; grants: boolean; ends: boolean; standby: boolean }>(
    `SELECT session_user::text AS name,
            rolsuper OR (rolcreaterole AND current_setting('server_version_num')::int < 160000) OR EXISTS (
              SELECT FROM pg_catalog.pg_auth_members
               WHERE admin_option AND pg_has_role(session_user, member, 'MEMBER')) AS grants,
            rolsuper OR pg_has_role(session_user, 'pg_signal_backend', 'USAGE') AS ends,
            pg_is_in_recovery() AS standby
       FROM pg_catalog.pg_roles WHERE rolname = session_user`,
  );
  const [self] = rows;
  if (!self)
    throw new ProviderError("the server doesn't know whom Hallpass connects as", { retryable: false });
  if (self.standby)
    throw new ProviderError("this is a read-only standby; expected the primary server", { retryable: true });
  const name = quote(self.name);
  if (!self.grants) {
    throw new ProviderError(
      `${name} may grant no role; for each role the policy names, run: GRANT <role> TO ${name} WITH ADMIN OPTION`,
      { retryable: false },
    );
  }
  if (!self.ends) {
    throw new ProviderError(
      `${name} may not end sessions, as revoking must; run: GRANT pg_signal_backend TO ${name}`,
      {
        retryable: false,
      },
    );
  }
}

async function openPool(url: string): Promise<Pool> {
  const { default: pg } = await import("pg");
  const pool = new pg.Pool({
    connectionString: url,
    max: 4,
    connectionTimeoutMillis: connectMilliseconds,
    statement_timeout: queryMilliseconds,
    query_timeout: queryMilliseconds,
    idleTimeoutMillis: 30_000,
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

/** Runs `work` on a connection; whatever takes too long loses its connection and is an error. */
async function bounded<T>(pool: Pool, work: (client: PoolClient) => Promise<T>, askedAt: number): Promise<T> {
  const client = await pool.connect();
  // One lost while in use is told by its query.
  client.on("error", ignore);
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_, reject) => {
    const left = callMilliseconds - (performance.now() - askedAt);
    const seconds = callMilliseconds / 1_000;
    const late = (): void => reject(new ProviderError(`no answer within ${seconds} s`, { retryable: true }));
    timer = setTimeout(late, left);
  });
  let broken = true;
  try {
    const result = await Promise.race([work(client), tooLong]);
    broken = false;
    return result;
  } finally {
    clearTimeout(timer);
    if (!broken) client.off("error", ignore);
    // After any failure a new connection is cheaper than to find out what this one is still good for.
    client.release(broken);
  }
}
