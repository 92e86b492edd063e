import { readError } from "../caller.ts";
import type { Session } from "./connection.ts";
import { quote } from "./names.ts";
import { madeSince } from "./outlives.ts";
import type { GrantState } from "./state.ts";

/** So many objects at a time: each waits for its own lock. */
const mostObjects = 100;

/** As `pg_identify_object` calls them, by what `ALTER … OWNER TO` does. */
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
 * Hands what a member has made since the grant, in the database connected to, to the role. REASSIGN OWNED would hand over what was
 * theirs before, too. Returns why something could not be handed over.
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
      // The connection is lost, or our time is up: the next try goes on.
      if (code === undefined || severity === undefined || severity === "FATAL") throw error;
      faults.add(message);
    }
  }
  return [...faults];
}
