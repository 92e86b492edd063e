import { batchCalls } from "../../batch-calls.ts";
import { readError } from "../caller.ts";
import type { Server, Session } from "./connection.ts";
import { isAnswer } from "./errors.ts";
import { quote } from "./names.ts";
import type { GrantState } from "./state.ts";

type Count = {
  readonly place: number;
  readonly how: "owns" | "rights" | "gave" | "prepared";
  readonly kind: string;
  readonly database: string | null;
  readonly count: number;
};

/**
 * SQL for what is new for each member of `$1`: what depends on them (pg_shdepend) by a transaction that the snapshot
 * `$2` did not see.
 */
const madeSince = `
  SELECT a.place, s.dbid, s.classid, s.objid, s.objsubid, s.deptype,
         s.dbid = 0 OR s.dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()) AS "isHere"
    FROM unnest($1::oid[], $2::pg_snapshot[]) WITH ORDINALITY AS a(member, since, place)
    JOIN pg_catalog.pg_shdepend s ON s.refclassid = 'pg_catalog.pg_authid'::regclass AND s.refobjid = a.member
   -- Of an older one, frozen, the number may come again: then it is negative.
   WHERE age(s.xmin) BETWEEN 0 AND age(pg_snapshot_xmin(a.since)::xid)
     -- The whole number of a transaction, by how far it is from one whose whole number is known.
     AND NOT pg_visible_in_snapshot(
       (pg_snapshot_xmax(a.since)::text::bigint + age(pg_snapshot_xmax(a.since)::xid) - age(s.xmin))::text::xid8, a.since)
     -- A column's own sequence goes where its table goes.
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                      WHERE d.classid = s.classid AND d.objid = s.objid AND d.deptype IN ('a', 'i')
                        AND d.classid = 'pg_catalog.pg_class'::regclass AND d.refclassid = d.classid
                        AND s.dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()))`;

/**
 * Creates a function that says what a member made or was given while they had a role, and still has: "owns 2 new tables
 * in orders".
 */
export function createOutlives(server: Server): (state: GrantState) => Promise<string | undefined> {
  return batchCalls((states: readonly GrantState[]) => server.call((session) => countAll(session, states)), {
    most: 50,
    atOnce: 1,
    isWorthApart: isAnswer,
  });
}

async function countAll(
  { client }: Session,
  states: readonly GrantState[],
): Promise<readonly (string | undefined)[]> {
  const { rows } = await client.query<Count>(
    `WITH made AS (${madeSince})
     SELECT made.place::int AS place, CASE WHEN classid = 'pg_catalog.pg_auth_members'::regclass THEN 'gave'
                                       WHEN deptype = 'o' THEN 'owns' ELSE 'rights' END AS how,
            coalesce(CASE WHEN "isHere" THEN (pg_catalog.pg_identify_object(classid, objid, objsubid)).type END,
                     CASE classid WHEN 'pg_catalog.pg_class'::regclass THEN 'relation'
                                  WHEN 'pg_catalog.pg_proc'::regclass THEN 'function'
                                  WHEN 'pg_catalog.pg_namespace'::regclass THEN 'schema' ELSE 'object' END) AS kind,
            d.datname::text AS database, count(*)::int AS count
       FROM made LEFT JOIN pg_catalog.pg_database d ON d.oid = made.dbid
      WHERE deptype IN ('o', 'a', 'i', 'r') GROUP BY 1, 2, 3, 4
     UNION ALL
     SELECT a.place::int, 'prepared', 'transaction', x.database::text, count(*)::int
       FROM unnest($1::oid[], $2::pg_snapshot[]) WITH ORDINALITY AS a(member, since, place)
       JOIN pg_catalog.pg_roles r ON r.oid = a.member
       JOIN pg_catalog.pg_prepared_xacts x ON x.owner = r.rolname
      WHERE age(x.transaction) BETWEEN 0 AND age(pg_snapshot_xmax(a.since)::xid) GROUP BY 1, 4
     ORDER BY place, database, how, kind`,
    [states.map(({ member }) => member.oid), states.map(({ since }) => since)],
  );
  return states.map((_, index) => word(rows.filter(({ place }) => place === index + 1)));
}

function word(counts: readonly Count[]): string | undefined {
  const words = counts.map(({ how, kind, database, count }) => {
    const what = `${count} ${how === "owns" ? "new " : ""}${count === 1 ? kind : plural(kind)}`;
    const where = database === null ? "" : ` in ${database}`;
    switch (how) {
      case "owns":
        return `owns ${what}${where}`;
      case "rights":
        return `was given rights on ${what}${where}`;
      // From PostgreSQL 16 on, a membership depends on its grantor.
      case "gave":
        return `gave others ${count} ${count === 1 ? "role" : "roles"}`;
      case "prepared":
        return `left ${count} prepared ${count === 1 ? kind : plural(kind)}${where}`;
    }
  });
  return words.length === 0 ? undefined : words.join(", ");
}

function plural(kind: string): string {
  return kind.endsWith("y") ? `${kind.slice(0, -1)}ies` : `${kind}s`;
}

/** Maximum objects at a time, because each waits for its own lock. */
const mostObjects = 100;

/** The type in `ALTER … OWNER TO`, by what `pg_identify_object` calls it. */
const alterable: Readonly<Record<string, string>> = {
  table: "TABLE",
  "foreign table": "FOREIGN TABLE",
  view: "VIEW",
  "materialized view": "MATERIALIZED VIEW",
  sequence: "SEQUENCE",
  function: "FUNCTION",
  procedure: "PROCEDURE",
  aggregate: "AGGREGATE",
  schema: "SCHEMA",
  type: "TYPE",
  domain: "DOMAIN",
  collation: "COLLATION",
  conversion: "CONVERSION",
  operator: "OPERATOR",
  "statistics object": "STATISTICS",
  "text search dictionary": "TEXT SEARCH DICTIONARY",
  "text search configuration": "TEXT SEARCH CONFIGURATION",
  publication: "PUBLICATION",
};

/**
 * Makes the role the owner of what a member has made since the grant, in the database connected to. REASSIGN OWNED
 * would also hand over what was theirs before. Returns why something could not be handed over.
 */
export async function reassign(
  { client }: Session,
  { role, member, since }: GrantState,
): Promise<readonly string[]> {
  const { rows: objects } = await client.query<{ type: string; identity: string; name: string | null }>(
    `WITH made AS (${madeSince})
     SELECT o.type, o.identity, r.rolname::text AS name
       FROM made CROSS JOIN pg_catalog.pg_identify_object(classid, objid, objsubid) AS o
       LEFT JOIN pg_catalog.pg_roles r ON r.oid = $3
      WHERE deptype = 'o' AND "isHere" AND dbid <> 0 ORDER BY o.type = 'schema' DESC, o.identity LIMIT ${mostObjects}`,
    [[member.oid], [since], role.oid],
  );
  const faults = new Set<string>();
  for (const { type, identity, name } of objects) {
    const kind = alterable[type];
    if (kind === undefined || name === null) continue;
    try {
      await client.query(`ALTER ${kind} ${identity} OWNER TO ${quote(name)}`);
    } catch (error) {
      const { message, code, severity } = readError(error);
      // The connection is lost, or our time is up: the next attempt goes on.
      if (code === undefined || severity === undefined || severity === "FATAL") throw error;
      faults.add(message);
    }
  }
  return [...faults];
}
