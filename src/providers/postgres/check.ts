import { ProviderError } from "../provider.ts";
import { isGuess, type Server, type Session } from "./connection.ts";
import { hasOptions } from "./membership.ts";
import { quote } from "./names.ts";
import { dangerOf, readTargets } from "./roles.ts";

type Self = {
  readonly name: string;
  readonly ends: boolean;
  readonly sees: boolean;
  readonly isStandby: boolean;
  /** Whether a connection slot is reserved for us when all others are taken; `null`: this version can't reserve any. */
  readonly isReserved: boolean | null;
};

/** Throws what prevents us from granting and revoking these roles; returns what else an operator should know. */
export async function check(
  session: Session,
  targets: readonly { readonly role: string; readonly dangerous?: boolean | undefined }[],
): Promise<readonly string[]> {
  const self = await readSelf(session);
  if (self.isStandby)
    throw new ProviderError("this is a read-only standby; expected the primary server", { retryable: true });
  const name = quote(self.name);
  const faults: string[] = [];
  const warnings: string[] = [];
  const isMeant = new Map(targets.map(({ role, dangerous = false }) => [role, dangerous]));
  for (const role of await readTargets(session, [...isMeant.keys()])) {
    const danger = dangerOf(role);
    if (role.oid === null) faults.push(`role "${role.name}" does not exist`);
    else if (role.grantor === null) {
      const grant = `GRANT ${quote(role.name)} TO ${name} WITH ADMIN OPTION`;
      faults.push(`${name} may not grant ${quote(role.name)}; run: ${grant}`);
    } else if (danger && isMeant.get(role.name) !== true) {
      const how = "where that is meant, say dangerous: true beside the role";
      warnings.push(`"${role.name}" will not be granted: it ${danger}; ${how}`);
    }
  }
  if (!self.ends)
    faults.push(`${name} may not end sessions, as revoking must; run: GRANT pg_signal_backend TO ${name}`);
  if (faults.length > 0) throw new ProviderError(faults.join("; "), { retryable: false });
  if (!self.sees)
    warnings.push(
      `${name} does not see when others' sessions were used; run: GRANT pg_read_all_stats TO ${name}`,
    );
  if (self.isReserved === false) {
    const how = `set reserved_connections to 3 or so, restart, and run: GRANT pg_use_reserved_connections TO ${name}`;
    warnings.push(`somebody who takes all connections of the server can keep ${name} out; ${how}`);
  }
  if (isGuess(session.system)) {
    const how = `GRANT EXECUTE ON FUNCTION pg_catalog.pg_control_system() TO ${name}`;
    warnings.push(`${name} may not read which server this is, and knows it by OIDs only; run: ${how}`);
  }
  return warnings;
}

/** Says what is wrong with a replica whose sessions should end, too; throws if it is not a replica of this server. */
export async function checkReplica(replica: Server, system: string): Promise<readonly string[]> {
  const lies = await replica
    .call(async (session) => {
      if (session.system !== system)
        return `${replica.address} is no replica of this server, but ${session.system}`;
      const self = await readSelf(session);
      return self.isStandby ? undefined : `${replica.address} is no replica, but takes changes of its own`;
    })
    .catch((error: unknown) => {
      if (error instanceof ProviderError) return error;
      throw error;
    });
  if (lies instanceof ProviderError) return [`sessions on a replica would stay open: ${lies.message}`];
  if (lies === undefined) return [];
  throw new ProviderError(lies, { retryable: false });
}

async function readSelf(session: Session): Promise<Self> {
  const reserved = hasOptions(session)
    ? `rolsuper OR (current_setting('reserved_connections')::int > 0
                    AND pg_catalog.pg_has_role(current_user, 'pg_use_reserved_connections', 'USAGE'))`
    : "NULL::boolean";
  const { rows } = await session.client.query<Self>(
    `SELECT rolname::text AS name, pg_catalog.pg_is_in_recovery() AS "isStandby",
            rolsuper OR pg_catalog.pg_has_role(current_user, 'pg_signal_backend', 'USAGE') AS ends,
            rolsuper OR pg_catalog.pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS sees,
            ${reserved} AS "isReserved"
       FROM pg_catalog.pg_roles WHERE oid = ${session.self}`,
  );
  const [self] = rows;
  if (self) return self;
  throw new ProviderError("the server doesn't know whom Hallpass connects as", { retryable: false });
}
