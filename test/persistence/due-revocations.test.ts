import { Client } from "pg";
import { claimRevocations } from "../../src/persistence/requests/due-revocations.ts";
import { claimEffect } from "../../src/persistence/effects/effects.ts";
import { type Office, openOffice } from "../support/access.ts";
import { holdAccess } from "../support/holdings.ts";

let office: Office;
beforeEach(async () => {
  office = await openOffice();
});
afterEach(() => office?.close());

/** Whose access is claimed to be ended. */
async function claim(limit = 100, busy: readonly string[] = []): Promise<readonly string[]> {
  const due = await claimRevocations(office.db, office.clock, { limit, aheadMs: 0, busy });
  // However long this machine takes over it.
  await office.db.effect.updateMany({
    where: { lockedUntil: { not: null } },
    data: { lockedUntil: new Date(Date.now() + 600_000) },
  });
  return due.map(({ effect, state }) => {
    const grant = state?.grants.find(({ id }) => id === effect.grantId);
    return grant?.subject ?? "nobody";
  });
}

async function effectOf(subject: string): Promise<string> {
  const { id } = await office.db.grant.findFirstOrThrow({ where: { subject } });
  return (await office.db.effect.findFirstOrThrow({ where: { grantId: id } })).id;
}

describe("ends that are claimed together", () => {
  it("are none before their time, then the longest overdue first, each by one", async () => {
    await holdAccess(office, { count: 5, subjectPrefix: "p", endsInSeconds: 1_000, spreadSeconds: 5_000 });
    expect(await claim()).toEqual([]);
    office.clock.advance(4_500_000);
    expect(await claim(3)).toEqual(["p1", "p2", "p3"]);
    expect(await claim(3)).toEqual(["p4"]);
    expect(await claimEffect(office.db, office.clock, await effectOf("p1"))).toBeUndefined();
    office.clock.advance(1_000_000);
    expect(await claim()).toEqual(["p5"]);
  });

  it("are what one that is claimed by itself is", async () => {
    await holdAccess(office, { count: 1, subjectPrefix: "p", endsInSeconds: -1 });
    const id = await effectOf("p1");
    const alone = await claimEffect(office.db, office.clock, id);
    await office.db.effect.update({ where: { id }, data: { lockedUntil: null } });
    const [together] = await claimRevocations(office.db, office.clock, { limit: 1, aheadMs: 0, busy: [] });
    expect(together?.effect).toEqual({ ...alone, attempts: 2, isResumed: true, now: together?.effect.now });
    expect(together?.state).toEqual(await office.state(alone?.requestId ?? ""));
  });

  it("are those too that fall due shortly, each with its time", async () => {
    await holdAccess(office, { count: 3, subjectPrefix: "p", endsInSeconds: 1_000, spreadSeconds: 3_000 });
    const shortly = await claimRevocations(office.db, office.clock, {
      limit: 5,
      aheadMs: 2_500_000,
      busy: [],
    });
    const grants = await office.db.grant.findMany({
      where: { subject: { in: ["p1", "p2"] } },
      orderBy: { subject: "asc" },
    });
    const times = grants.map(({ expiresAt }) => expiresAt);
    expect(shortly.map(({ dueAt }) => dueAt)).toEqual(times);
    expect(shortly.map(({ effect }) => effect.now)).toEqual(times);
    expect(office.clock.estimate()?.getTime()).toBeLessThan(times[0]?.getTime() ?? NaN);
  });

  it("leave out who waits for another effect that is due by then", async () => {
    await holdAccess(office, { count: 2, subjectPrefix: "p", endsInSeconds: 1_000 });
    const { id: grantId, requestId } = await office.db.grant.findFirstOrThrow({ where: { subject: "p1" } });
    await office.db.$executeRaw`
      insert into effects (id, seq, request_id, grant_id, kind, queue, lane, payload, due_at)
      overriding system value
      values (gen_random_uuid(), 0, ${requestId}::uuid, ${grantId}::uuid, 'check_idle', 'deadlines',
              'grant-' || ${grantId}, '{}', statement_timestamp() + interval '10 seconds')`;
    const shortly = await claimRevocations(office.db, office.clock, {
      limit: 5,
      aheadMs: 2_000_000,
      busy: [],
    });
    expect(shortly.map(({ state }) => state?.grants[0]?.subject)).toEqual(["p2"]);
  });

  it("leave out who waits for another effect on the same grant, and providers that have enough to do", async () => {
    await holdAccess(office, { count: 2, subjectPrefix: "p", endsInSeconds: -1 });
    await holdAccess(office, { count: 1, subjectPrefix: "h", endsInSeconds: -1, provider: "hung" });
    const { id: grantId, requestId } = await office.db.grant.findFirstOrThrow({ where: { subject: "p1" } });
    await office.db.$executeRaw`
      insert into effects (id, request_id, grant_id, kind, queue, lane, payload, due_at)
      values (gen_random_uuid(), ${requestId}::uuid, ${grantId}::uuid, 'revoke', 'revocations',
              'grant-' || ${grantId}, '{}', statement_timestamp() - interval '1 minute')`;
    expect((await claim(100, ["hung"])).toSorted()).toEqual(["p1", "p2"]);
    expect(await claim()).toEqual(["h1"]);
    expect(await claim()).toEqual([]);
  });

  it("do not wait for one that somebody else is claiming at that moment", async () => {
    await holdAccess(office, { count: 2, subjectPrefix: "p", endsInSeconds: -1 });
    const client = new Client({ connectionString: office.url });
    await client.connect();
    try {
      await client.query("begin");
      await client.query("select from effects where id = $1 for update", [await effectOf("p1")]);
      expect(await claim()).toEqual(["p2"]);
      await client.query("rollback");
      expect(await claim()).toEqual(["p1"]);
    } finally {
      await client.end();
    }
  });
});
