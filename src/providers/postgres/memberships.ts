import { gather } from "../../gather.ts";
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
   * Takes what is ours of a membership away, and ends the member's sessions; resolves when both are gone, with who keeps it and
   * whether there was reason to end sessions.
   */
  readonly take: (state: GrantState) => Promise<Taken>;
  /** What there is. */
  readonly find: (state: GrantState) => Promise<Found>;
};

export type Taken = {
  readonly keptBy: readonly string[];
  /** Sessions had to end; they have, here. */
  readonly endsSessions: boolean;
  /** Nothing is owed any more: sessions have ended everywhere. */
  readonly settle: () => void;
};

type Asked = { readonly state: GrantState; readonly askedAt: number };
type Answer<T> = { readonly fault: unknown } | { readonly value: T };
type Half = Omit<Taken, "settle"> & { readonly told: readonly Told[] };

/** So long those that are taken together wait for somebody else's lock; then each waits on a connection of its own. */
const lockMilliseconds = 500;
/** Taken or read together, at most; over so many connections at a time, so that some are left for everything else. */
const together = { most: 50, atOnce: 2, isWorthApart: isAnswer };

/**
 * Memberships that are taken at the same time are taken in one transaction, so that a thousand that end together cost the
 * server some dozens of commits. Where one of them cannot be taken none is, and each is tried by itself.
 *
 * Sessions end where something of ours was taken, or may have been taken before: because the grant was read back, or by this
 * process, which remembers. REVOKE and the end of sessions go to the server as one message, which it carries out to the end
 * even if we die meanwhile: so where nothing of ours is found and the grant was never read back, nothing was granted.
 */
export function createMemberships(server: Server): Memberships {
  const owed = new Set<string>();
  const take = gather(
    (all: readonly Asked[]) => server.call((session) => takeAll(server, session, all, owed), oldest(all)),
    { ...together, keyOf: ({ state }) => keyOf(state) },
  );
  const find = gather(
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

/** What there is of each, or why that proves nothing. */
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
    // Before it is sent: whatever fails from here on, the sessions are still to end.
    if (taking.length > 0) owed.add(keyOf(state));
    if (owed.has(keyOf(state)) || (state.granted && state.ours !== "nothing")) ending.add(state.member.oid);
  }
  // In one order whoever takes, so that two who take some of the same do not wait for each other.
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

/** What takes ours away, by the names of now; none where there is nothing of ours. */
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
    // That they may grant it on was never ours, and what they granted hangs on it: ours is that they have it.
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
    // One for each statement, which the driver's types do not know.
    return [results].flat().at(-1)?.rows ?? [];
  };
  const [only] = all.length === 1 ? all : [];
  return only ? withLockWatch(server, session, work, only.state.member.oid) : work();
}
