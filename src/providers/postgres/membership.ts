import type { Session } from "./connection.ts";
import { quote } from "./names.ts";

/** A member and a role, by OID. */
export type Pair = { readonly role: string; readonly member: string };

/** A membership as one grantor gave it. */
export type Row = {
  readonly grantor: string;
  /** The grantor's name now. */
  readonly by: string;
  readonly admin: boolean;
  readonly inherits: boolean;
  readonly sets: boolean;
};

export type Found = {
  /** Their current names; `null`: there is no such role any more. */
  readonly role: string | null;
  readonly member: string | null;
  readonly isSuper: boolean;
  /** The direct memberships, by grantor. */
  readonly rows: readonly Row[];
  /** The member's other roles that give them this one as well. */
  readonly through: readonly string[];
  /** Whether a statement that needs the role would work, at once or after `SET ROLE`. */
  readonly works: boolean;
  /** Whether it would work at once. */
  readonly isInherited: boolean;
};

/** Reads the membership of each pair. */
export async function look(session: Session, pairs: readonly Pair[]): Promise<readonly Found[]> {
  const { rows } = await session.client.query<Found>(
    `WITH ${memberships(session)}
     SELECT held.rolname::text AS role, member.rolname::text AS member, coalesce(member.rolsuper, false) AS "isSuper",
            (SELECT coalesce(json_agg(json_build_object('grantor', m.grantor::text, 'by', coalesce(by.rolname, m.grantor::text),
                       'admin', m.admin, 'inherits', m.inherits, 'sets', m.sets) ORDER BY by.rolname), '[]')
               FROM memberships m LEFT JOIN pg_catalog.pg_roles by ON by.oid = m.grantor
              WHERE m.member = a.member AND m.roleid = a.role) AS rows,
            ARRAY(SELECT DISTINCT first.rolname::text
                    FROM memberships m JOIN pg_catalog.pg_roles first ON first.oid = m.roleid
                   WHERE m.member = a.member AND m.roleid <> a.role AND (m.inherits OR m.sets)
                     AND ${works(session, "m.roleid", "a.role")} ORDER BY 1) AS through,
            ${works(session, "a.member", "a.role")} AS works,
            coalesce(pg_catalog.pg_has_role(a.member, a.role, 'USAGE'), false) AS "isInherited"
       FROM unnest($1::oid[], $2::oid[]) WITH ORDINALITY AS a(role, member, place)
       LEFT JOIN pg_catalog.pg_roles member ON member.oid = a.member
       LEFT JOIN pg_catalog.pg_roles held ON held.oid = a.role
      ORDER BY a.place`,
    [pairs.map(({ role }) => role), pairs.map(({ member }) => member)],
  );
  return rows;
}

/** The statement that grants a membership with these options, by current names. */
export function grantStatement(
  session: Session,
  pair: Pair,
  by: string,
  { inherits, sets }: Pick<Row, "inherits" | "sets">,
): string {
  const grant = `GRANT ${quote(pair.role)} TO ${quote(pair.member)}`;
  if (!hasOptions(session)) return grant;
  return `${grant} WITH INHERIT ${String(inherits)}, SET ${String(sets)} GRANTED BY ${quote(by)}`;
}

/** The statement that revokes one grantor's membership, by current names. */
export function revokeStatement(session: Session, pair: Pair, by: string): string {
  const revoke = `REVOKE ${quote(pair.role)} FROM ${quote(pair.member)}`;
  return hasOptions(session) ? `${revoke} GRANTED BY ${quote(by)}` : revoke;
}

/** Says what still gives a member a role. */
export function keepersOf({ works: isHeld, isSuper, rows, through }: Found): readonly string[] {
  if (!isHeld) return [];
  if (isSuper) return ["as a superuser"];
  const given = rows.filter(({ inherits, sets }) => inherits || sets).map(({ by }) => `${by} gave it too`);
  return [...given, ...through.map((role) => `through ${role}`)];
}

/** SQL that differs between versions: from 16 on, a membership has options and may exist several times, once per grantor. */

export function hasOptions({ version }: Pick<Session, "version">): boolean {
  return version >= 160_000;
}

/** The first part of a `WITH`: `memberships`, with whether the member inherits the role's rights and may `SET ROLE` to it. */
export function memberships(session: Session): string {
  const options = hasOptions(session)
    ? "inherit_option AS inherits, set_option AS sets"
    : "true AS inherits, true AS sets";
  return `memberships AS NOT MATERIALIZED (
    SELECT roleid, member, grantor, admin_option AS admin, ${options} FROM pg_catalog.pg_auth_members)`;
}

/** SQL for whether one role can use another, at once or after `SET ROLE`. */
function works(session: Session, member: string, role: string): string {
  if (!hasOptions(session)) return `coalesce(pg_catalog.pg_has_role(${member}, ${role}, 'MEMBER'), false)`;
  return `coalesce(pg_catalog.pg_has_role(${member}, ${role}, 'USAGE') OR pg_catalog.pg_has_role(${member}, ${role}, 'SET'), false)`;
}
