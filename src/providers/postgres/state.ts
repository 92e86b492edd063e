import { z } from "zod";
import { ProviderError, type ProviderState } from "../provider.ts";
import { isGuess, type Session } from "./connection.ts";

/** An object id, as text: it survives every renaming. */
const Oid = z.string().regex(/^\d{1,10}$/u);
const Role = z.object({ oid: Oid, name: z.string() });

/** The options of a membership from PostgreSQL 16 on; before, all of them applied. */
const Options = z.object({ inherits: z.boolean(), sets: z.boolean() });

/** What has to be remembered of a grant. */
export type GrantState = z.infer<typeof GrantState>;
export const GrantState = z.object({
  /** The server's identity, and its address then. The address is a hint for people, because a clone has the same identity. */
  system: z.string(),
  address: z.string(),
  role: Role,
  member: Role,
  /** The memberships that were there before, by grantor: they are others', and stay. */
  before: z.array(z.object({ grantor: Oid, admin: z.boolean(), ...Options.shape })),
  /** The grantor of ours; from PostgreSQL 16 on, a pair may have several memberships. */
  grantor: Oid,
  /**
   * What to take back. `row`: the membership. `options`: the same grantor had given it without all its options, which
   * are set back as they were. `nothing`: it was there before. `all`: from before grantors were recorded, every row of
   * the pair.
   */
  ours: z.enum(["row", "options", "nothing", "all"]),
  /** A snapshot from before the grant: what depends on the member by a transaction that it did not see was made since. */
  since: z.string().regex(/^\d+:\d+:[\d,]*$/u),
  /** It was granted and read back, so if nothing of ours is found later, it was taken away. */
  granted: z.boolean().default(false),
  /** It works only after `SET ROLE`. */
  needsSetRole: z.boolean().default(false),
});

/** Parses the state of a grant; `undefined` for one that was made before ids were recorded. */
export function readState(state: ProviderState): GrantState | undefined {
  if (state["system"] === undefined) return undefined;
  const read = GrantState.safeParse(state);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw new ProviderError(
    `what is on record of this grant is not understood: ${issue?.path.join(".")}: ${issue?.message}`,
    { retryable: false },
  );
}

/** Throws if a connection leads to a server other than the one a grant was made on. */
export function insistOnSystem(
  session: Session,
  address: string,
  state: Pick<GrantState, "system" | "address">,
): void {
  if (session.system === state.system) return;
  throw new ProviderError(
    `it was granted on another server (${state.system}, then at ${state.address}; now there is ${session.system} at ${address})`,
    { retryable: true },
  );
}

/**
 * Throws if a server is identified by OIDs only and neither role has its name from before: it may be another server, so
 * the result proves nothing.
 */
export function insistOnProof(
  { system, role, member }: GrantState,
  found: { readonly role: string | null; readonly member: string | null },
): void {
  if (!isGuess(system) || found.role === role.name || found.member === member.name) return;
  throw new ProviderError(
    `neither "${role.name}" nor "${member.name}" is there as it was, and the server does not show which one it is; ` +
      "run: GRANT EXECUTE ON FUNCTION pg_catalog.pg_control_system() TO whom Hallpass connects as",
    { retryable: true },
  );
}

/**
 * Rebuilds the state of a grant made before ids were recorded, by its names then, whoever granted it. A missing name
 * proves nothing, because the role may have been renamed.
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
    since: "3:3:",
    granted: true,
    needsSetRole: false,
  };
}
