import { ProviderError } from "../provider.ts";
import type { Session } from "./connection.ts";
import type { GrantState } from "./state.ts";

/**
 * The state of a grant that was made before ids were kept: by the names of then, whoever granted it. A name that is not there
 * proves nothing, for it may be another by now.
 */
export async function stateByName(
  session: Session,
  address: string,
  subject: string,
  role: string,
): Promise<GrantState> {
  const { rows } = await session.client.query<{ name: string; oid: string | null }>(
    `SELECT a.name, r.oid::text AS oid FROM unnest($1::text[]) WITH ORDINALITY AS a(name, place)
       LEFT JOIN pg_catalog.pg_roles r ON r.rolname = a.name ORDER BY a.place`,
    [[subject, role]],
  );
  const [member, target] = rows.map(({ name, oid }) => {
    if (oid !== null) return { name, oid };
    const message = `no role is named "${name}" here; it was granted by name, and may be there under another`;
    throw new ProviderError(message, { retryable: true });
  });
  if (!member || !target) throw new Error("expected a row for each name");
  return {
    system: session.system,
    address,
    role: target,
    member,
    before: [],
    grantor: "0",
    ours: "all",
    since: "0",
    granted: true,
    needsSetRole: false,
  };
}
