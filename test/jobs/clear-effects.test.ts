import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import { v7 as uuidv7 } from "uuid";
import { clearEffects } from "../../src/jobs/clear-effects.ts";
import { beginning, deleteDone } from "../../src/persistence/effects/done-effects.ts";
import { type Office, openOffice } from "../support/access.ts";

const day = 86_400;
const keepSeconds = 30 * day;

let office: Office;
let requestId: string;
beforeEach(async () => {
  office = await openOffice();
  requestId = (await office.approved()).request.id;
});
afterEach(() => office.close());

type Put = {
  readonly lane: string;
  /** Days ago. */
  readonly made: number;
  /** Absent: not done. */
  readonly done?: number;
  readonly count?: number;
};

const daysAgo = (days: number): Date => new Date(Date.now() - days * day * 1000);

/** Puts effects there as Hallpass would have; they are named by their lanes. */
async function put({ lane, made, done, count = 1 }: Put): Promise<void> {
  await office.db.effect.createMany({
    data: Array.from({ length: count }, () => ({
      id: uuidv7({ msecs: daysAgo(made).getTime() }),
      requestId,
      kind: "update_request",
      queue: "messages",
      lane,
      payload: {},
      dueAt: daysAgo(made),
      doneAt: done === undefined ? null : daysAgo(done),
    })),
  });
}

async function left(): Promise<Readonly<Record<string, number>>> {
  const rows = await office.db.$queryRaw<{ lane: string; count: number }[]>`
    select lane, count(*)::int as count from effects where kind = 'update_request' and lane not like 'slack-thread-%' group by lane`;
  return Object.fromEntries(rows.map(({ lane, count }) => [lane, count]));
}

/** One walk from the beginning to the end; how many went. */
async function walk(): Promise<number> {
  let deleted = 0;
  for (let after: string | undefined = beginning; after !== undefined;) {
    const walked = await deleteDone(office.db, office.clock, { after, keepSeconds });
    deleted += walked.deleted;
    after = walked.upTo;
  }
  return deleted;
}

describe("effects that were done long ago", () => {
  it("go, and what is owed, what was done lately, and what was done before in the lane of what is owed stay", async () => {
    const owed = await office.db.effect.count({ where: { doneAt: null } });
    await put({ lane: "old", made: 40, done: 31, count: 3 });
    await put({ lane: "lately", made: 40, done: 29 });
    await put({ lane: "never done", made: 400 });
    await put({ lane: "half done", made: 400, done: 399, count: 2 });
    await put({ lane: "half done", made: 390 });

    expect(await walk()).toBe(3);
    expect(await left()).toEqual({ lately: 1, "never done": 1, "half done": 3 });
    expect(await office.db.effect.count({ where: { doneAt: null } })).toBe(owed + 2);

    // Once nothing is owed there any more, the rest goes.
    await office.db.effect.updateMany({
      where: { lane: "half done", doneAt: null },
      data: { doneAt: daysAgo(35) },
    });
    expect(await walk()).toBe(3);
    expect(await left()).toEqual({ lately: 1, "never done": 1 });
    expect(await walk()).toBe(0);
  });

  it("go however many of those that stay come before them", async () => {
    await put({ lane: "never done", made: 60, count: 1_200 });
    await put({ lane: "old", made: 40, done: 39, count: 1_200 });
    expect(await walk()).toBe(1_200);
    expect(await left()).toEqual({ "never done": 1_200 });
  });

  it("go once when two processes delete at the same time, and neither fails or waits for the other", async () => {
    await put({ lane: "old", made: 40, done: 39, count: 3_000 });
    const [one, other] = await Promise.all([walk(), walk()]);
    // What one passed over as the other had it in hand goes with the other.
    expect(one + other).toBe(3_000);
    expect(await left()).toEqual({});
  });

  it("are not looked for among what was made lately", async () => {
    await put({ lane: "old", made: 40, done: 39, count: 10 });
    await put({ lane: "lately", made: 1, done: 1, count: 1_000 });
    // One statement has come to the end of what may be old enough.
    expect(await deleteDone(office.db, office.clock, { after: beginning, keepSeconds })).toEqual({
      deleted: 10,
    });
  });

  it("go a few at a time, until it is told to stop; a later start goes on", async () => {
    await put({ lane: "old", made: 40, done: 39, count: 5_000 });
    const log = pino({ level: "silent" });
    const deps = { db: office.db, clock: office.clock, keepSeconds: () => keepSeconds, log };
    const clearing = clearEffects(deps);
    while ((await left())["old"] === 5_000) await sleep(5);
    await clearing.stop();
    const { old = 0 } = await left();
    expect(old % 500).toBe(0);
    expect(old).toBeGreaterThan(0);
    await sleep(300);
    expect(await left()).toEqual({ old });

    const again = clearEffects(deps);
    while ((await left())["old"] !== undefined) await sleep(20);
    await again.stop();
  });
});
