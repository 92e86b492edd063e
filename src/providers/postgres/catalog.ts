import type { Session } from "./connection.ts";

/** SQL that differs between versions: from 16 on a membership has options and may be there several times, by grantor. */

export function hasOptions({ version }: Pick<Session, "version">): boolean {
  return version >= 160_000;
}

/** The first of `WITH`: `memberships`, with whether the member inherits what the role may and can become it. */
export function memberships(session: Session): string {
  const options = hasOptions(session)
    ? "inherit_option AS inherits, set_option AS sets"
    : "true AS inherits, true AS sets";
  return `memberships AS NOT MATERIALIZED (
    SELECT roleid, member, grantor, admin_option AS admin, ${options} FROM pg_catalog.pg_auth_members)`;
}

/** Whether one role has another so that it works, at once or after `SET ROLE`. */
export function works(session: Session, member: string, role: string): string {
  if (!hasOptions(session)) return `coalesce(pg_catalog.pg_has_role(${member}, ${role}, 'MEMBER'), false)`;
  return `coalesce(pg_catalog.pg_has_role(${member}, ${role}, 'USAGE') OR pg_catalog.pg_has_role(${member}, ${role}, 'SET'), false)`;
}
