import { ProviderError } from "../provider.ts";
import type { Server, Session } from "./connection.ts";
import { withLockWatch } from "./locks.ts";
import { type Found, grantStatement, hasOptions, look } from "./membership.ts";
import { wordNoRight } from "./prepare.ts";
import { readTargets } from "./roles.ts";
import { type GrantState, insistOnSystem } from "./state.ts";

/**
 * Grants a membership as prepared, by the current names of its OIDs, and reads back that a statement would work.
 * Anything wrong is rolled back before it takes effect.
 */
export async function grant(server: Server, session: Session, state: GrantState): Promise<GrantState> {
  insistOnSystem(session, server.address, state);
  const { client } = session;
  const lookAtIt = async (): Promise<Found> => {
    const [found] = await look(session, [{ role: state.role.oid, member: state.member.oid }]);
    if (!found) throw new Error("expected an answer for a membership");
    return found;
  };
  let { ours } = state;
  if (ours !== "nothing") {
    await client.query("BEGIN");
    const before = await lookAtIt();
    if (ours === "all") {
      // From before grantors were recorded: if it is there, all of it goes at the end, whoever gave it, and nothing is added.
      if (!before.works || before.rows.length === 0)
        await give(
          server,
          session,
          { ...state, grantor: await ourGrantor(session, before) },
          before,
          lookAtIt,
        );
    }
    // Before PostgreSQL 16 there is a single row: if somebody else gave it meanwhile, it is theirs.
    else if (!hasOptions(session) && before.rows.some(({ grantor }) => grantor !== state.grantor))
      ours = "nothing";
    else await give(server, session, state, before, lookAtIt);
    await client.query("COMMIT");
  }
  const found = await lookAtIt();
  if (found.works) return { ...state, ours, granted: true, needsSetRole: !found.isInherited };
  const what = `"${state.member.name}" can't use "${state.role.name}"`;
  throw ours === "nothing"
    ? new ProviderError(`${what}, as it could before it was asked for`, { retryable: false })
    : new ProviderError(`${what} after it was granted`, { retryable: true });
}

async function give(
  server: Server,
  session: Session,
  state: GrantState,
  { role, member }: Found,
  lookAtIt: () => Promise<Found>,
): Promise<void> {
  if (role === null || member === null) {
    const gone = role === null ? state.role.name : state.member.name;
    throw new ProviderError(`role "${gone}" is no longer there`, { retryable: false });
  }
  const by = await nameOf(session, state.grantor);
  const statement = grantStatement(session, { role, member }, by, { inherits: true, sets: true });
  await withLockWatch(server, session, () => session.client.query(statement));
  const { rows } = await lookAtIt();
  if (rows.some(({ grantor, inherits, sets }) => grantor === state.grantor && inherits && sets)) return;
  throw new ProviderError(`"${member}" is still no member of "${role}" by ${by} after it was granted`, {
    retryable: true,
  });
}

/** The grantor that our grant would have, if none is on record; "0": nobody, because the role is gone. */
async function ourGrantor(session: Session, { role }: Found): Promise<string> {
  if (role === null) return "0";
  const [target] = await readTargets(session, [role]);
  if (target?.grantor != null) return target.grantor;
  throw new ProviderError(await wordNoRight(session, role), { retryable: false });
}

async function nameOf({ client }: Session, oid: string): Promise<string> {
  const { rows } = await client.query<{ name: string }>(
    "SELECT rolname::text AS name FROM pg_catalog.pg_roles WHERE oid = $1",
    [oid],
  );
  const [found] = rows;
  if (found) return found.name;
  throw new ProviderError("whom it would be granted by is no longer there", { retryable: false });
}
