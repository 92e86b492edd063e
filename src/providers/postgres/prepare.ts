import { type Prepared, ProviderError } from "../provider.ts";
import type { Session } from "./connection.ts";
import { hasOptions, look, type Row } from "./membership.ts";
import { nameFault, quote } from "./names.ts";
import { dangerOf, readSubject, readTargets, whyNotOrdinary } from "./roles.ts";
import type { GrantState } from "./state.ts";

/** Reads what is there before anything is granted; refuses for good subjects and roles that must not be granted. */
export async function prepare(
  session: Session,
  address: string,
  subject: string,
  target: { readonly role: string; readonly dangerous?: boolean | undefined },
): Promise<Prepared & { readonly state: GrantState }> {
  const fault = nameFault(subject) ?? nameFault(target.role);
  if (fault) throw refusal(fault);
  const member = await readSubject(session, subject);
  if (!member) throw refusal(`role "${subject}" does not exist`);
  const whyNot = whyNotOrdinary(member);
  if (whyNot) throw refusal(`"${subject}" is granted nothing: ${whyNot}`);
  const [role] = await readTargets(session, [target.role]);
  if (!role?.oid) throw refusal(`role "${target.role}" does not exist`);
  if (role.oid === member.oid) throw refusal(`"${subject}" is that role itself`);
  const danger = dangerOf(role);
  if (danger && target.dangerous !== true)
    throw refusal(
      `"${target.role}" is not granted: it ${danger}; where that is meant, say dangerous: true beside the role`,
    );
  if (role.grantor === null) throw refusal(await wordNoRight(session, target.role));

  const [found] = await look(session, [{ role: role.oid, member: member.oid }]);
  const rows = found?.rows ?? [];
  return {
    subjectId: member.oid,
    targetId: role.oid,
    isHeld: found?.works ?? false,
    state: {
      system: session.system,
      address,
      role: { oid: role.oid, name: target.role },
      member: { oid: member.oid, name: subject },
      before: rows.map(({ grantor, admin, inherits, sets }) => ({ grantor, admin, inherits, sets })),
      grantor: role.grantor,
      ours: whatIsOurs(session, rows, role.grantor),
      since: await readSince(session),
      granted: false,
      needsSetRole: false,
    },
  };
}

function whatIsOurs(session: Session, rows: readonly Row[], grantor: string): GrantState["ours"] {
  // Before PostgreSQL 16 there is a single row, whoever gave it.
  const same = rows.find((row) => row.grantor === grantor || !hasOptions(session));
  if (!same) return "row";
  return same.inherits && same.sets ? "nothing" : "options";
}

/** The snapshot of what is committed by now: whatever another transaction makes counts as made since. */
async function readSince({ client }: Session): Promise<string> {
  const { rows } = await client.query<{ since: string }>(
    "SELECT pg_catalog.pg_current_snapshot()::text AS since",
  );
  return rows[0]?.since ?? "3:3:";
}

/** Says that we may not grant a role, with the statement to paste that lets us. */
export async function wordNoRight({ client }: Session, role: string): Promise<string> {
  const { rows } = await client.query<{ name: string }>("SELECT current_user::text AS name");
  const name = quote(rows[0]?.name ?? "");
  return `${name} may not grant ${quote(role)}; run: GRANT ${quote(role)} TO ${name} WITH ADMIN OPTION`;
}

function refusal(message: string): ProviderError {
  return new ProviderError(message, { retryable: false });
}
