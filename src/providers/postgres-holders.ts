import type { PoolClient } from "pg";

/** The direct members of a role, but for whom we connect as where that only may grant it. */
export async function holdersOf(client: PoolClient, role: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT DISTINCT member.rolname AS name
       FROM pg_catalog.pg_auth_members m
       JOIN pg_catalog.pg_roles held ON held.oid = m.roleid
       JOIN pg_catalog.pg_roles member ON member.oid = m.member
      WHERE held.rolname = $1 AND NOT (m.admin_option AND member.rolname = session_user)
      ORDER BY 1`,
    [role],
  );
  return rows.map(({ name }) => name);
}

/** Why a role is not to be taken from a member whom nobody gave it here. */
export async function whyKept(
  client: PoolClient,
  subject: string,
  role: string,
): Promise<string | undefined> {
  // pg_has_role() would not do: to a superuser it says that they are a member of everything.
  const { rows } = await client.query<Reasons>(
    `WITH RECURSIVE ours(oid) AS (
       SELECT oid FROM pg_catalog.pg_roles WHERE rolname = session_user
       UNION SELECT m.roleid FROM pg_catalog.pg_auth_members m JOIN ours ON m.member = ours.oid)
     SELECT rolsuper AS super, rolcreaterole OR rolreplication AS administers, rolcanlogin AS login,
            oid IN (SELECT oid FROM ours) AS ours,
            EXISTS (SELECT FROM pg_catalog.pg_auth_members WHERE roleid = r.oid) AS has_members,
            EXISTS (SELECT FROM pg_catalog.pg_auth_members m JOIN pg_catalog.pg_roles held ON held.oid = m.roleid
                     WHERE m.member = r.oid AND held.rolname = $2 AND m.admin_option) AS may_grant
       FROM pg_catalog.pg_roles r WHERE rolname = $1`,
    [subject, role],
  );
  const [found] = rows;
  if (!found) return "the server knows no such role";
  if (found.ours) return "Hallpass connects as it, or by way of it";
  if (found.super) return "it is a superuser";
  if (found.administers) return "it may create roles or replicate";
  if (found.may_grant) return "it may grant the role to others (ADMIN OPTION)";
  if (!found.login || found.has_members) return "it is a role that others have theirs through";
  return undefined;
}

type Reasons = Readonly<
  Record<"super" | "administers" | "login" | "ours" | "has_members" | "may_grant", boolean>
>;
