import { setTimeout as sleep } from "node:timers/promises";
import type { PoolClient } from "pg";
import { gather } from "../gather.ts";
import { isAnswer } from "./postgres-errors.ts";
import { nameFault, quote } from "./postgres-names.ts";
import { ProviderError } from "./provider.ts";

/** A direct membership: of `subject` in `role`. */
export type Membership = { readonly subject: string; readonly role: string };

/** Does work on a connection, within the time that is left since `askedAt`; throws `ProviderError`. */
type Call = <T>(work: (client: PoolClient) => Promise<T>, askedAt: number) => Promise<T>;

export type Memberships = {
  /** Takes a membership away, whoever granted it, and ends the subject's sessions; resolves when both are gone. */
  readonly take: (membership: Membership) => Promise<void>;
  /** Whether there is one. */
  readonly exists: (membership: Membership) => Promise<boolean>;
};

type Asked = Membership & { readonly askedAt: number };
/** By whom it is granted still, and the sessions that were told to end. */
type Taken = { readonly left: readonly string[]; readonly pids: readonly number[] };

/** So long those that are taken together wait for somebody else's lock; then each waits on a connection of its own. */
const lockMilliseconds = 500;
const endingMilliseconds = 2_000;
/** Taken or read together, at most; over so many connections at a time, so that some are left for everything else. */
const together = { most: 50, atOnce: 2 };

/**
 * Memberships that are taken at the same time are taken in one transaction, so that a thousand that end together cost the
 * server some dozens of commits. Where one of them cannot be taken none is, and each is tried by itself.
 */
export function createMemberships(call: Call): Memberships {
  const isWorthApart = isAnswer;
  const take = gather((all: readonly Asked[]) => call((client) => takeAll(client, all), oldest(all)), {
    ...together,
    keyOf: ({ subject, role }) => `${role}\0${subject}`,
    isWorthApart,
  });
  const read = gather((all: readonly Asked[]) => call((client) => grantorsOf(client, all), oldest(all)), {
    ...together,
    isWorthApart,
  });
  return {
    async take(membership) {
      if (isNone(membership)) return;
      const { subject, role } = membership;
      const askedAt = performance.now();
      const { left, pids } = await take({ subject, role, askedAt });
      if (left.length > 0) {
        throw new ProviderError(
          `"${subject}" is still a member of "${role}", granted by ${left.join(", ")}`,
          {
            retryable: true,
          },
        );
      }
      if (pids.length > 0) await call((client) => untilEnded(client, subject, pids), askedAt);
    },
    async exists(membership) {
      if (isNone(membership)) return false;
      const { grantors } = await read({ ...membership, askedAt: performance.now() });
      return grantors.length > 0;
    },
  };
}

/** A name no role can have was never granted. */
function isNone({ subject, role }: Membership): boolean {
  return (nameFault(subject) ?? nameFault(role)) !== undefined;
}

function oldest(all: readonly Asked[]): number {
  return Math.min(...all.map(({ askedAt }) => askedAt));
}

type Found = {
  readonly both: boolean;
  readonly version: number;
  /** None, one, or from PostgreSQL 16 on several. */
  readonly grantors: readonly string[];
};

/** For each membership whether both roles exist, and by whom it is granted. */
async function grantorsOf(client: PoolClient, all: readonly Membership[]): Promise<readonly Found[]> {
  const { rows } = await client.query<Found>(
    `SELECT held.oid IS NOT NULL AND member.oid IS NOT NULL AS both,
            current_setting('server_version_num')::int AS version,
            ARRAY(SELECT coalesce(by.rolname, '?')::text
                    FROM pg_catalog.pg_auth_members m LEFT JOIN pg_catalog.pg_roles by ON by.oid = m.grantor
                   WHERE m.member = member.oid AND m.roleid = held.oid) AS grantors
       FROM unnest($1::name[], $2::name[]) WITH ORDINALITY AS a(subject, role, place)
       LEFT JOIN pg_catalog.pg_roles member ON member.rolname = a.subject
       LEFT JOIN pg_catalog.pg_roles held ON held.rolname = a.role
      ORDER BY a.place`,
    [all.map(({ subject }) => subject), all.map(({ role }) => role)],
  );
  return rows;
}

async function takeAll(client: PoolClient, all: readonly Membership[]): Promise<readonly Taken[]> {
  const found = await grantorsOf(client, all);
  const revokes = all.flatMap(({ subject, role }, index) => {
    const { both = false, version = 0, grantors = [] } = found[index] ?? {};
    if (!both) return [];
    return grantors.map((grantor) => {
      const by = version >= 160_000 ? ` GRANTED BY ${quote(grantor)}` : "";
      return `REVOKE ${quote(role)} FROM ${quote(subject)}${by}`;
    });
  });
  if (revokes.length === 1) await client.query(revokes.join(""));
  // In one order whoever takes, so that two who take some of the same do not wait for each other.
  if (revokes.length > 1) {
    await client.query(
      `BEGIN; SET LOCAL lock_timeout = ${lockMilliseconds}; ${revokes.toSorted().join("; ")}; COMMIT`,
    );
  }
  const left = await grantorsOf(client, all);
  const gone = all.flatMap(({ subject }, index) =>
    found[index]?.both === true && left[index]?.grantors.length === 0 ? [subject] : [],
  );
  const sessions = await endSessions(client, gone);
  return all.map(({ subject }, index) => ({
    left: left[index]?.grantors ?? [],
    pids: gone.includes(subject) ? sessions.filter(({ name }) => name === subject).map(({ pid }) => pid) : [],
  }));
}

async function endSessions(
  client: PoolClient,
  subjects: readonly string[],
): Promise<readonly { readonly name: string; readonly pid: number }[]> {
  if (subjects.length === 0) return [];
  // Should a subject be whom we connect as, our own sessions stay.
  const { rows } = await client.query<{ name: string; pid: number }>(
    `SELECT usename::text AS name, pid, pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
      WHERE usename = ANY ($1::name[]) AND usename <> session_user`,
    [subjects],
  );
  return rows;
}

async function untilEnded(client: PoolClient, subject: string, pids: readonly number[]): Promise<void> {
  const deadline = performance.now() + endingMilliseconds;
  for (;;) {
    const { rows: left } = await client.query<{ pid: number }>(
      "SELECT pid FROM pg_catalog.pg_stat_activity WHERE pid = ANY ($1) AND usename = $2",
      [pids, subject],
    );
    if (left.length === 0) return;
    if (performance.now() > deadline) {
      throw new ProviderError(
        `${left.length} session(s) of "${subject}" were told to end and have not ended after ${endingMilliseconds / 1_000} s`,
        { retryable: true },
      );
    }
    await sleep(20);
  }
}
