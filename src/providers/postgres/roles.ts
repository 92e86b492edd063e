import type { Session } from "./connection.ts";
import { hasOptions, memberships } from "./membership.ts";

/** A role that somebody would have for a time. */
export type TargetRole = {
  readonly name: string;
  /** `null`: there is no such role. */
  readonly oid: string | null;
  /** The grantor that a grant of ours would have; `null`: we may not grant it. */
  readonly grantor: string | null;
  /** The role itself, and roles it leads to, that are more than a role's own rights: a superuser, say. */
  readonly dangers: readonly { readonly name: string; readonly why: string }[];
};

/** The bootstrap superuser, always of this OID: from PostgreSQL 16 on, the grantor of what any superuser grants. */
const bootstrap = "10::oid";

/** Reads these roles, in the same order. */
export async function readTargets(
  session: Session,
  names: readonly string[],
): Promise<readonly TargetRole[]> {
  const grantor = hasOptions(session)
    ? `CASE WHEN me.rolsuper THEN ${bootstrap}
            ELSE (SELECT m.member FROM memberships m
                   WHERE m.roleid = r.oid AND m.admin AND pg_catalog.pg_has_role(me.oid, m.member, 'USAGE')
                   ORDER BY m.member <> me.oid, m.member LIMIT 1) END`
    : `CASE WHEN me.rolsuper OR (me.rolcreaterole AND NOT r.rolsuper)
              OR pg_catalog.pg_has_role(me.oid, r.oid, 'MEMBER WITH ADMIN OPTION') THEN me.oid END`;
  const { rows } = await session.client.query<TargetRole>(
    `WITH RECURSIVE ${memberships(session)}, above(root, oid) AS (
       SELECT oid, oid FROM pg_catalog.pg_roles WHERE rolname = ANY ($1::text[])
       UNION SELECT above.root, m.roleid FROM memberships m JOIN above ON m.member = above.oid)
     SELECT a.name, r.oid::text AS oid, (${grantor})::text AS grantor,
            (SELECT coalesce(json_agg(json_build_object('name', d.rolname, 'why', d.why) ORDER BY d.oid <> r.oid, d.rolname), '[]')
               FROM (SELECT up.oid, up.rolname,
                            CASE WHEN up.rolsuper THEN 'a superuser'
                                 WHEN up.oid = me.oid OR up.rolname = session_user THEN 'whom Hallpass connects as'
                                 WHEN up.rolcreaterole THEN 'may create roles'
                                 WHEN up.rolbypassrls THEN 'bypasses row security'
                                 WHEN up.rolreplication THEN 'may replicate'
                                 WHEN up.rolname IN ('pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files')
                                 THEN 'reaches the server''s own files and programs' END AS why
                       FROM above JOIN pg_catalog.pg_roles up ON up.oid = above.oid WHERE above.root = r.oid) d
              WHERE d.why IS NOT NULL) AS dangers
       FROM unnest($1::text[]) WITH ORDINALITY AS a(name, place)
       LEFT JOIN pg_catalog.pg_roles r ON r.rolname = a.name
       JOIN pg_catalog.pg_roles me ON me.oid = ${session.self}
      ORDER BY a.place`,
    [names],
  );
  return rows;
}

/** Says what makes a role more than its own rights: `is a superuser`, `leads to "dba", a superuser`. */
export function dangerOf({ name, dangers: [danger] }: TargetRole): string | undefined {
  if (!danger) return undefined;
  const isVerb = /^(?:may|bypasses|reaches) /u.test(danger.why);
  if (danger.name === name) return isVerb ? danger.why : `is ${danger.why}`;
  return `leads to "${danger.name}", ${isVerb ? `which ${danger.why}` : danger.why}`;
}

/** The facts about a subject that decide whether they can be granted something. */
export type SubjectRole = { readonly oid: string } & Readonly<
  Record<"super" | "administers" | "login" | "ours" | "hasMembers" | "isSystem", boolean>
>;

/** Reads a subject's role; `undefined`: the server knows no such role. */
export async function readSubject(session: Session, name: string): Promise<SubjectRole | undefined> {
  // Not with pg_has_role(), which says that a superuser is a member of everything.
  const { rows } = await session.client.query<SubjectRole>(
    `WITH RECURSIVE ${memberships(session)}, ours(oid) AS (
       SELECT oid FROM pg_catalog.pg_roles WHERE rolname = session_user OR oid = ${session.self}
       UNION SELECT m.roleid FROM memberships m JOIN ours ON m.member = ours.oid WHERE m.inherits OR m.sets)
     SELECT oid::text AS oid, rolsuper AS super, rolcreaterole OR rolreplication OR rolbypassrls AS administers,
            rolcanlogin AS login, oid IN (SELECT oid FROM ours) AS ours, starts_with(rolname, 'pg_') AS "isSystem",
            EXISTS (SELECT FROM memberships m WHERE m.roleid = r.oid AND (m.inherits OR m.sets)) AS "hasMembers"
       FROM pg_catalog.pg_roles r WHERE rolname = $1::text`,
    [name],
  );
  return rows[0];
}

/** Says why somebody can't be given something for a time and have it taken away; `undefined`: they can. */
export function whyNotOrdinary(subject: SubjectRole): string | undefined {
  if (subject.ours) return "Hallpass connects as it, or by way of it";
  if (subject.super) return "it is a superuser";
  if (subject.administers) return "it may create roles, replicate or bypass row security";
  if (subject.isSystem) return "it is one of PostgreSQL's own roles";
  if (!subject.login || subject.hasMembers) return "it is a role that others have theirs through";
  return undefined;
}
