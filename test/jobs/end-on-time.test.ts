import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { pino } from "pino";
import { carryOutRevoke } from "../../src/access/carry-out/revoke.ts";
import { createStateCache } from "../../src/access/requests/state-cache.ts";
import { endOnTime } from "../../src/jobs/end-on-time.ts";
import type { Loop } from "../../src/loop.ts";
import { runClaimed } from "../../src/jobs/run-effect.ts";
import { createBatchedEnds } from "../../src/persistence/requests/batched-ends.ts";
import { ProviderError } from "../../src/providers/provider.ts";
import type { LiveProvider } from "../../src/providers/open.ts";
import { type Office, openOffice } from "../support/access.ts";
import { holdAccess } from "../support/holdings.ts";

let office: Office;
const processes: Loop[] = [];
beforeEach(async () => {
  office = await openOffice();
});
afterEach(async () => {
  await Promise.all(processes.splice(0).map((each) => each.stop()));
  await office?.close();
});

const log = pino({ level: "silent" });

/** A process that ends access, with a memory of its own. */
function startProcess(): Loop {
  const deps = { ...office, recent: createStateCache(), ends: createBatchedEnds(office.db, office.clock) };
  const handlers = {
    ...office.runner.handlers,
    revoke: (effect: Parameters<typeof carryOutRevoke>[1]) => carryOutRevoke(deps, effect),
  };
  const runner = { ...deps, log, handlers };
  const rounds = endOnTime({ ...deps, end: (effect) => runClaimed(runner, effect), log });
  processes.push(rounds);
  return rounds;
}

/** Whom a provider of its own was asked to take access from, in order. */
function asked(behave: (subject: string) => Promise<void> = () => Promise.resolve()): string[] {
  const subjects: string[] = [];
  const { revoke } = office.provider.behave;
  office.provider.behave.revoke = async (subject) => {
    subjects.push(subject);
    await behave(subject);
    await revoke(subject);
  };
  return subjects;
}

/** Who still has access, on record. */
async function live(): Promise<readonly string[]> {
  const rows = await office.db.grant.findMany({
    where: { status: { not: "revoked" } },
    orderBy: { subject: "asc" },
  });
  return rows.map(({ subject }) => subject);
}

async function untilLive(...subjects: readonly string[]): Promise<void> {
  while (String(await live()) !== String(subjects)) await sleep(10);
}

/** How often each type is on record, by how many grants. */
async function audited(type: string): Promise<readonly number[]> {
  const rows = await office.db.auditEvent.groupBy({ by: ["grantId"], where: { type }, _count: true });
  return rows.map(({ _count: count }) => count);
}

const once = (count: number): readonly number[] => Array.from({ length: count }, () => 1);

/** A promise to be kept later. */
function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

describe("access that ends at once", () => {
  it("all ends, once each, whatever becomes of one: it loses its race, fails, or hangs", async () => {
    await holdAccess(office, { count: 30, subjectPrefix: "p", endsInSeconds: -1 });
    const { db } = office;
    const hangs = gate();
    let isDown = true;
    const subjects = asked(async (subject) => {
      if (subject === "p1" && isDown) throw new ProviderError("the server is away", { retryable: true });
      if (subject === "p2") await hangs.opened;
      if (subject === "p3") {
        const { requestId } = await db.grant.findFirstOrThrow({ where: { subject } });
        await db.accessRequest.update({ where: { id: requestId }, data: { version: { increment: 1 } } });
      }
    });
    const rounds = startProcess();
    await untilLive("p1", "p2");
    expect(await audited("grant.revoked")).toEqual(once(28));

    hangs.open();
    await untilLive("p1");
    isDown = false;
    office.clock.advance(60_000);
    rounds.now();
    await untilLive();
    expect(await audited("grant.revoking")).toEqual(once(30));
    expect(await audited("grant.revoked")).toEqual(once(30));
    expect(await audited("revocation.failed")).toHaveLength(1);
    expect(subjects.filter((subject) => subject !== "p1").toSorted()).toEqual(
      [...new Set(subjects)].toSorted().slice(1),
    );
    expect(office.provider.held.size).toBe(0);
    expect(office.faults).toEqual([]);
  });

  it("ends beside what cannot be read, which is said and tried again", async () => {
    await holdAccess(office, { count: 12, subjectPrefix: "p", endsInSeconds: -1 });
    const { requestId, id: grantId } = await office.db.grant.findFirstOrThrow({ where: { subject: "p5" } });
    const { terms } = await office.db.accessRequest.findUniqueOrThrow({ where: { id: requestId } });
    await office.db.accessRequest.update({ where: { id: requestId }, data: { terms: { spoilt: true } } });
    const rounds = startProcess();
    await untilLive("p5");
    const failed = async (): Promise<boolean> =>
      (await office.db.effect.count({ where: { grantId, lastError: { not: null } } })) > 0;
    while (!(await failed())) await sleep(10);
    await office.db.accessRequest.update({ where: { id: requestId }, data: { terms: terms ?? {} } });
    office.clock.advance(60_000);
    rounds.now();
    await untilLive();
    expect(await audited("grant.revoked")).toEqual(once(12));
  });

  it("ends also where several are of one request", async () => {
    await holdAccess(office, { count: 8, subjectPrefix: "p", endsInSeconds: -1 });
    const [first] = await office.db.grant.findMany({ where: { subject: "p1" } });
    const requestId = first?.requestId ?? "";
    const ofOne = await office.db.grant.findMany({ where: { subject: { in: ["p2", "p3", "p4"] } } });
    const ids = ofOne.map(({ id }) => id);
    await office.db.grant.updateMany({ where: { id: { in: ids } }, data: { requestId } });
    await office.db.effect.updateMany({ where: { grantId: { in: ids } }, data: { requestId } });
    startProcess();
    await untilLive();
    expect((await office.state(requestId)).grants).toHaveLength(4);
    expect(await audited("grant.revoking")).toEqual(once(8));
    expect(await audited("grant.revoked")).toEqual(once(8));
  });

  it("stays with whoever has it by another grant, and with nobody else", async () => {
    await holdAccess(office, { count: 3, subjectPrefix: "p", endsInSeconds: 3600 });
    const keepers = await office.db.grant.findMany({
      orderBy: { subject: "asc" },
      include: { request: true },
    });
    await holdAccess(office, { count: 20, subjectPrefix: "p", endsInSeconds: -1 });
    const subjects = asked();
    startProcess();
    await untilLive("p1", "p2", "p3");
    expect(subjects).toHaveLength(17);
    expect([...office.provider.held].toSorted()).toEqual(["p1", "p2", "p3"]);
    const revoked = await office.db.grant.findMany({
      where: { status: "revoked", subject: { in: ["p1", "p2", "p3"] } },
      orderBy: { subject: "asc" },
    });
    const events = await office.db.auditEvent.findMany({ where: { type: "grant.revoked" } });
    expect(revoked.map(({ id }) => events.find(({ grantId }) => grantId === id)?.data)).toEqual(
      keepers.map(({ request }) =>
        expect.objectContaining({ keptBy: `AR-${request.number}`, verified: false }),
      ),
    );
    const verified = events.filter(({ data }) => JSON.stringify(data).includes('"verified":true'));
    expect(verified).toHaveLength(17);
  });

  it("is ended by two processes together: each by one of them, and none before its time", async () => {
    await holdAccess(office, { count: 80, subjectPrefix: "p", endsInSeconds: 1, spreadSeconds: 1 });
    const subjects = asked();
    const [one, other] = [startProcess(), startProcess()];
    const jobs = setInterval(() => {
      one.now();
      other.now();
    }, 5);
    try {
      await untilLive();
    } finally {
      clearInterval(jobs);
    }
    expect(new Set(subjects).size).toBe(80);
    expect(subjects).toHaveLength(80);
    const [early] = await office.db.$queryRaw<[{ count: number }]>`
      select count(*)::int as count from audit_events a join grants g on g.id = a.grant_id
      where a.type = 'grant.revoking' and a.at < g.expires_at`;
    expect(early.count).toBe(0);
    // What is claimed before its time is held until then, and not given back.
    expect(await office.db.effect.count({ where: { kind: "revoke", attempts: { not: 1 } } })).toBe(0);
    expect(await audited("grant.revoked")).toEqual(once(80));
  });

  it("ends while a provider hangs that a crowd is waiting for", async () => {
    const hangs = gate();
    const hung: LiveProvider = {
      ...office.provider,
      revoke: async () => {
        await hangs.opened;
        return { keptBy: [] };
      },
      holds: () => Promise.resolve(false),
    };
    office.providers.set("hung", hung);
    await holdAccess(office, { count: 300, subjectPrefix: "h", endsInSeconds: -60, provider: "hung" });
    await holdAccess(office, { count: 10, subjectPrefix: "p", endsInSeconds: -1 });
    startProcess();
    const ended = async (): Promise<boolean> => (await live()).every((subject) => subject.startsWith("h"));
    while (!(await ended())) await sleep(10);
    const begun = await audited("grant.revoking");
    expect(begun.length).toBeLessThan(300);
    hangs.open();
    await untilLive();
    expect(await audited("grant.revoked")).toEqual(once(310));
  });

  it("stays when it is extended between its claim and its end", async () => {
    await holdAccess(office, { count: 2, subjectPrefix: "p", endsInSeconds: 1 });
    const { id, requestId } = await office.db.grant.findFirstOrThrow({ where: { subject: "p1" } });
    const subjects = asked();
    const client = new Client({ connectionString: office.url });
    await client.connect();
    try {
      await client.query("begin");
      await client.query("update access_requests set version = version + 1 where id = $1", [requestId]);
      await client.query("update grants set expires_at = expires_at + interval '1 hour' where id = $1", [id]);
      const rounds = startProcess();
      const isClaimed = async (): Promise<boolean> =>
        (await office.db.effect.count({ where: { grantId: id, lockedUntil: { not: null } } })) > 0;
      while (!(await isClaimed())) await sleep(10);
      await client.query("commit");
      while (await isClaimed()) await sleep(10);
      expect(await live()).toContain("p1");
      await untilLive("p1");
      expect(subjects).toEqual(["p2"]);
      office.clock.advance(3_600_000);
      rounds.now();
      await untilLive();
    } finally {
      await client.end();
    }
    expect(await audited("grant.revoking")).toEqual(once(2));
  });

  it("is left to who has it in hand, and taken up once that claim is over", async () => {
    await holdAccess(office, { count: 2, subjectPrefix: "p", endsInSeconds: -1 });
    const [held] = await office.db.grant.findMany({ where: { subject: "p1" } });
    const of = { grantId: held?.id ?? "" };
    await office.db.effect.updateMany({ where: of, data: { lockedUntil: new Date(Date.now() + 600_000) } });
    const subjects = asked();
    const rounds = startProcess();
    await untilLive("p1");
    expect(subjects).toEqual(["p2"]);
    await office.db.effect.updateMany({ where: of, data: { lockedUntil: new Date(0) } });
    rounds.now();
    await untilLive();
    expect(subjects).toEqual(["p2", "p1"]);
  });
});
