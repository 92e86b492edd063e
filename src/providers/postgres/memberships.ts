import { batchCalls } from "../../batch-calls.ts";
import { ProviderError } from "../provider.ts";
import type { Server, Session } from "./connection.ts";
import { isAnswer } from "./errors.ts";
import { withLockWatch } from "./locks.ts";
import {
  type Found,
  grantStatement,
  hasOptions,
  keepersOf,
  look,
  revokeStatement,
  type Row,
} from "./membership.ts";
import { endSessionsStatement, type Told, untilEnded } from "./sessions.ts";
import { type GrantState, insistOnProof, insistOnSystem } from "./state.ts";

export type Memberships = {
  /**
   * Revokes our part of a membership, and ends the member's sessions. Resolves when both are gone, with what still
   * gives the member the role and whether sessions had to end.
   */
  readonly take: (state: GrantState) => Promise<Taken>;
  /** Reads the membership. */
  readonly find: (state: GrantState) => Promise<Found>;
};

export type Taken = {
  readonly keptBy: readonly string[];
  /** Sessions had to end, and have ended on this server. */
  readonly endsSessions: boolean;
  /** For the caller once sessions have ended everywhere: nothing is owed any more. */
  readonly settle: () => void;
};

type Asked = { readonly state: GrantState; readonly askedAt: number };
type Answer<T> = { readonly fault: unknown } | { readonly value: T };
type Half = Omit<Taken, "settle"> & { readonly told: readonly Told[] };

/** How long revocations in one batch wait for somebody else's lock; then each waits on a connection of its own. */
const lockMilliseconds = 500;
/** Limits of memberships per batch and of batches at a time, so that some connections are left for everything else. */
const together = { most: 50, atOnce: 2, isWorthApart: isAnswer };

/**
 * Memberships that are revoked at the same time are revoked in one transaction, so that a thousand that end together
 * cost the server some dozens of commits. If one of them cannot be revoked, none is, and each is retried by itself.
 *
 * Sessions end if something of ours was revoked, or may have been revoked before: because the grant was read back, or
 * because this process remembers it. REVOKE and the end of sessions go to the server as one message, which it carries
 * out to the end even if we die meanwhile; so if nothing of ours is found and the grant was never read back, nothing
 * was granted.
 */
export function createMemberships(server: Server): Memberships {
  const owed = new Set<string>();
  const take = batchCalls(
    (all: readonly Asked[]) => server.call((session) => takeAll(server, session, all, owed), oldest(all)),
    { ...together, keyOf: ({ state }) => keyOf(state) },
  );
  const find = batchCalls(
    (all: readonly Asked[]) => server.call((session) => findAll(server, session, all), oldest(all)),
    together,
  );
  return {
    async take(state) {
      const askedAt = performance.now();
      const { told, keptBy, endsSessions } = unwrap(await take({ state, askedAt }));
      if (told.length > 0)
        await server.call((session) => untilEnded(session, told, state.member.name), askedAt);
      return { keptBy, endsSessions, settle: () => owed.delete(keyOf(state)) };
    },
    find: async (state) => unwrap(await find({ state, askedAt: performance.now() })),
  };
}

function unwrap<T>(answer: Answer<T>): T {
  if ("value" in answer) return answer.value;
  throw answer.fault;
}

function keyOf({ system, role, member }: GrantState): string {
  return `${system}/${role.oid}/${member.oid}`;
}

function oldest(all: readonly Asked[]): number {
  return Math.min(...all.map(({ askedAt }) => askedAt));
}

/** Reads each membership, or why the result proves nothing. */
async function findAll(
  server: Server,
  session: Session,
  all: readonly Asked[],
): Promise<readonly Answer<Found>[]> {
  const found = await look(
    session,
    all.map(({ state: { role, member } }) => ({ role: role.oid, member: member.oid })),
  );
  return all.map(({ state }, index): Answer<Found> => {
    const value = found[index];
    if (!value) throw new Error("expected an answer for each membership");
    try {
      insistOnSystem(session, server.address, state);
      insistOnProof(state, value);
      return { value };
    } catch (fault) {
      return { fault };
    }
  });
}

async function takeAll(
  server: Server,
  session: Session,
  all: readonly Asked[],
  owed: Set<string>,
): Promise<readonly Answer<Half>[]> {
  const before = await findAll(server, session, all);
  const statements: string[] = [];
  const ending = new Set<string>();
  for (const [index, { state }] of all.entries()) {
    const found = before[index];
    if (!found || "fault" in found) continue;
    const taking = statementsFor(session, state, found.value);
    statements.push(...taking);
    // Noted before it is sent: whatever fails from here on, the sessions still have to end.
    if (taking.length > 0) owed.add(keyOf(state));
    if (owed.has(keyOf(state)) || (state.granted && state.ours !== "nothing")) ending.add(state.member.oid);
  }
  // In a fixed order, so that two batches with some of the same memberships do not deadlock.
  const transaction = [
    "BEGIN",
    ...(all.length > 1 ? [`SET LOCAL lock_timeout = ${lockMilliseconds}`] : []),
    ...statements.toSorted(),
    "COMMIT",
  ];
  const batch = [
    ...(statements.length > 0 ? transaction : []),
    ...(ending.size > 0 ? [endSessionsStatement(session, [...ending])] : []),
  ];
  const told = batch.length === 0 ? [] : await send(server, session, batch, all);
  const after = await findAll(server, session, all);
  return all.map(({ state }, index): Answer<Half> => {
    const found = after[index];
    if (!found || "fault" in found)
      return found ?? { fault: new Error("expected an answer for each membership") };
    if (!isTaken(session, state, found.value)) {
      const by = rowsOf(state, found.value).map((row) => row.by);
      const message = `"${state.member.name}" is still a member of "${state.role.name}", granted by ${by.join(", ")}`;
      return { fault: new ProviderError(message, { retryable: true }) };
    }
    const mayGrant = state.ours === "row" && rowsOf(state, found.value).length > 0;
    return {
      value: {
        keptBy: [
          ...keepersOf(found.value),
          ...(mayGrant ? ["somebody let them grant it on meanwhile (ADMIN OPTION)"] : []),
        ],
        endsSessions: ending.has(state.member.oid),
        told: told.filter(({ user }) => user === state.member.oid),
      },
    };
  });
}

/** Whether nothing of ours is left. */
export function isTaken(session: Session, state: GrantState, found: Found): boolean {
  return statementsFor(session, state, found).length === 0;
}

/** The statements that revoke our part, by current names; none if nothing of ours is there. */
function statementsFor(session: Session, state: GrantState, found: Found): readonly string[] {
  if (found.role === null || found.member === null) return [];
  const pair = { role: found.role, member: found.member };
  return rowsOf(state, found).flatMap((row) => {
    if (state.ours === "options") {
      const was = state.before.find(({ grantor }) => grantor === state.grantor);
      const options = { inherits: was?.inherits ?? false, sets: was?.sets ?? false };
      const isAsBefore = row.inherits === options.inherits && row.sets === options.sets;
      return isAsBefore ? [] : [grantStatement(session, pair, row.by, options)];
    }
    // Their admin option was never ours, and what they granted depends on it; only their use of the role is ours.
    if (state.ours === "row" && row.admin && hasOptions(session)) {
      if (!row.inherits && !row.sets) return [];
      return [grantStatement(session, pair, row.by, { inherits: false, sets: false })];
    }
    return [revokeStatement(session, pair, row.by)];
  });
}

function rowsOf({ ours, grantor }: GrantState, { rows }: Found): readonly Row[] {
  if (ours === "all") return rows;
  return ours === "nothing" ? [] : rows.filter((row) => row.grantor === grantor);
}

/** Sends statements as one message, and returns the sessions that the last of them told to end. */
async function send(
  server: Server,
  session: Session,
  statements: readonly string[],
  all: readonly Asked[],
): Promise<readonly Told[]> {
  const work = async (): Promise<readonly Told[]> => {
    const results = await session.client.query<Told>(statements.join(";\n"));
    // One result for each statement, which the driver's types do not know.
    return [results].flat().at(-1)?.rows ?? [];
  };
  const [only] = all.length === 1 ? all : [];
  return only ? withLockWatch(server, session, work, only.state.member.oid) : work();
}
