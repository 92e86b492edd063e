import { type Holder, ProviderError } from "../provider.ts";
import type { Session } from "./connection.ts";
import { memberships } from "./membership.ts";
import { readSubject, readTargets, whyNotOrdinary } from "./roles.ts";

/**
 * Lists the direct members who can use a role, except the role we connect as where that only may grant it. Throws if
 * there is no such role: it may have been renamed, so who has it is unknown.
 */
export async function holdersOf(session: Session, role: string): Promise<readonly Holder[]> {
  const [target] = await readTargets(session, [role]);
  if (!target?.oid) throw new ProviderError(`role "${role}" does not exist`, { retryable: false });
  const { rows } = await session.client.query<Holder>(
    `WITH ${memberships(session)}
     SELECT member.rolname::text AS subject, member.oid::text AS "subjectId", m.roleid::text AS "targetId",
            bool_or(m.grantor::text = $2::text) AS "isOurs"
       FROM memberships m
       JOIN pg_catalog.pg_roles member ON member.oid = m.member
      WHERE m.roleid = $1 AND (m.inherits OR m.sets)
        AND NOT (m.admin AND (member.rolname = session_user OR member.oid = ${session.self}))
      GROUP BY 1, 2, 3
      ORDER BY 1`,
    [target.oid, target.grantor],
  );
  return rows.map(({ isOurs, ...holder }) => ({ ...holder, isOurs: isOurs === true }));
}

/** Says why a role must not be taken from a member to whom nobody gave it here. */
export async function whyKept(session: Session, subject: string, role: string): Promise<string | undefined> {
  const found = await readSubject(session, subject);
  if (!found) return "the server knows no such role";
  const { rows } = await session.client.query(
    `SELECT FROM pg_catalog.pg_auth_members m JOIN pg_catalog.pg_roles held ON held.oid = m.roleid
      WHERE m.member = $1 AND held.rolname = $2::text AND m.admin_option`,
    [found.oid, role],
  );
  const mayGrant = rows.length > 0 ? "it may grant the role to others (ADMIN OPTION)" : undefined;
  const isGroup = !found.login || found.hasMembers;
  return isGroup ? (mayGrant ?? whyNotOrdinary(found)) : (whyNotOrdinary(found) ?? mayGrant);
}
