import { Client } from "pg";
import type { Grant } from "../../src/domain/grant/grant.ts";
import type { State } from "../../src/domain/state.ts";
import { decide } from "../../src/domain/decide.ts";
import { openDatabase } from "../../src/persistence/database/database.ts";
import { readStates } from "../../src/persistence/requests/requests.ts";
import { recordTransitions } from "../../src/persistence/requests/transitions.ts";
import { type Office, openOffice } from "../support/access.ts";
import { holdAccess } from "../support/holdings.ts";

let office: Office;
beforeEach(async () => {
  office = await openOffice();
});
afterEach(() => office?.close());

type Recording = Parameters<typeof recordTransitions>[2][number];

async function statesOf(prefix: string): Promise<readonly State[]> {
  const rows = await office.db.grant.findMany({
    where: { subject: { startsWith: prefix } },
    orderBy: { requestId: "asc" },
  });
  const read = await readStates(
    office.db,
    office.clock,
    rows.map(({ requestId }) => requestId),
  );
  return read.flatMap((each) => each?.state ?? []);
}

/** The end of the access of each, with what it settles. */
async function endsOf(states: readonly State[]): Promise<readonly Recording[]> {
  const effects = await office.db.effect.findMany({ where: { kind: "revoke" } });
  const now = new Date();
  return states.map((before) => {
    const grantId = before.grants[0]?.id ?? "";
    const decision = decide(before, { type: "revoke", grantId, reason: "expired" }, now);
    if (!decision.accepted) throw new Error(decision.refusal);
    const { id, attempts } = effects.find((effect) => effect.grantId === grantId) ?? { id: "", attempts: 0 };
    const transition = {
      ...decision,
      effects: [{ kind: "update_request" as const, dueAt: now }],
      settles: { effect: { id, attempts }, done: true as const },
    };
    return { before, transition, command: "revoke" };
  });
}

describe("transitions of several requests in one statement", () => {
  it("are each recorded by their own version: one that lost its race writes nothing, and the others all", async () => {
    await holdAccess(office, { count: 5, subjectPrefix: "p", endsInSeconds: -1 });
    const states = await statesOf("p");
    const lost = states[2]?.request.id ?? "";
    const ends = await endsOf(states);
    await office.db.accessRequest.update({ where: { id: lost }, data: { version: { increment: 1 } } });

    const recorded = await recordTransitions(office.db, office.clock, ends);
    expect(recorded.map((each) => each?.state.request.version)).toEqual([2, 2, undefined, 2, 2]);
    expect(recorded[0]?.state).toEqual(await office.state(states[0]?.request.id ?? ""));

    const others = states.map(({ request }) => request.id).filter((id) => id !== lost);
    const of = { orderBy: { requestId: "asc" }, select: { requestId: true } } as const;
    const ids = (rows: readonly { readonly requestId: string | null }[]): readonly (string | null)[] =>
      rows.map(({ requestId }) => requestId);
    const { auditEvent, effect, grant } = office.db;
    expect(ids(await auditEvent.findMany({ where: { type: "grant.revoking" }, ...of }))).toEqual(others);
    expect(ids(await effect.findMany({ where: { kind: "update_request" }, ...of }))).toEqual(others);
    expect(ids(await effect.findMany({ where: { doneAt: { not: null } }, ...of }))).toEqual(others);
    expect(ids(await grant.findMany({ where: { status: "revoking" }, ...of }))).toEqual(others);
  });

  it("wait for those of another statement in one order: each is recorded once, and none fails for the others", async () => {
    await holdAccess(office, { count: 9, subjectPrefix: "q", endsInSeconds: -1 });
    const states = await statesOf("q");
    const ends = await endsOf(states);
    const { pathname } = new URL(office.url);
    const holder = new Client({ connectionString: office.url });
    await holder.connect();
    // As the planner goes about it where there are many more requests: one after the other, in the order it was given.
    for (const method of ["hashjoin", "mergejoin", "seqscan"])
      await holder.query(`alter database "${pathname.slice(1)}" set enable_${method} = off`);
    const other = openDatabase(office.workUrl);
    try {
      // Both come as far as the one in the middle.
      await holder.query("begin");
      await holder.query("select from access_requests where id = $1 for update", [states[4]?.request.id]);
      const both = Promise.all(
        [ends, ends.toReversed()].map((each) => recordTransitions(other.prisma, office.clock, each)),
      );
      await office.untilWaiting(2);
      await holder.query("commit");
      expect((await both).flat().filter((each) => each !== undefined)).toHaveLength(9);
    } finally {
      await holder.end();
      await other.close();
    }
    const revoking = (await office.events()).filter((type) => type === "grant.revoking");
    expect(revoking).toHaveLength(9);
  });
});

test("a grant is read as it was written, with all of its fields and without", async () => {
  await holdAccess(office, { count: 1, subjectPrefix: "r", endsInSeconds: 60 });
  const [before] = await statesOf("r");
  const [held] = before?.grants ?? [];
  if (!before || !held) throw new Error("expected a grant");
  const { id, requestId, provider, subject, target, durationSeconds } = held;
  const bare: Grant = {
    id,
    requestId,
    status: "granting",
    provider,
    subject,
    target,
    durationSeconds,
    revokeAttempts: 0,
  };
  const at = (minute: number): Date => new Date(Date.UTC(2026, 2, 3, 9, minute));
  const whole: Required<Grant> = {
    ...bare,
    // Only active access may hand something over.
    status: "active",
    askedAt: at(1),
    ids: { system: "s", subjectId: "1", targetId: "2" },
    state: { added: true },
    handover: { title: "Password", sealed: "sealed", since: at(2).toISOString() },
    activeAt: at(3),
    expiresAt: at(4),
    endingSince: at(5),
    revokeReason: "drift",
    revokedAt: at(6),
    revokeAttempts: 7,
    lastError: "down",
    lastUsedAt: at(8),
    isStanding: true,
    isLeft: true,
    vanishedAt: at(9),
  };
  for (const grant of [whole, bare, whole]) {
    const state = await office.state(requestId);
    const transition = { next: { ...state, grants: [grant] }, events: [], effects: [] };
    await recordTransitions(office.db, office.clock, [{ before: state, transition, command: "revoke" }]);
    expect((await office.state(requestId)).grants).toStrictEqual([grant]);
  }
});
