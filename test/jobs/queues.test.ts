import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { pino } from "pino";
import { createQueues } from "../../src/jobs/queues.ts";
import { createDatabase } from "../support/database.ts";
import { startProxy } from "../support/proxy.ts";

/** Queues on a database, with how often they have warned. */
function openQueues(databaseUrl: string) {
  const written = new PassThrough();
  let warnings = 0;
  written.on("data", () => {
    warnings += 1;
  });
  const queues = createQueues({
    databaseUrl,
    courtesy: { quiet: () => Promise.resolve(true) },
    log: pino({ level: "warn" }, written),
  });
  return { queues, warned: () => once(written, "data"), warnings: () => warnings };
}

it("queues whose database is away when they start work once it is back, and ask for it now and then only", async () => {
  const database = await createDatabase();
  const network = await startProxy(database.workUrl);
  await network.cut();
  const { queues, warned, warnings } = openQueues(network.url);
  try {
    const ran: string[] = [];
    const done = new Promise<void>((resolve) => {
      const run = (effectId: string): Promise<void> => {
        ran.push(effectId);
        resolve();
        return Promise.resolve();
      };
      queues.work(run, () => undefined);
    });
    await warned();
    await network.restore();
    const id = randomUUID();
    const dueAt = new Date();
    while (!(await queues.enqueue([{ id, queue: "grants", dueAt, inMs: 0 }], 1_000))) await sleep(50);
    await done;
    // One that was taken too late to be called taken was given again: a job only says that there is something to look at.
    expect(new Set(ran)).toEqual(new Set([id]));
    // One for each queue and each worker that asked, a few times; it was thousands.
    expect(warnings()).toBeLessThan(200);
  } finally {
    await queues.close(1_000);
    await network.close();
    await database.close();
  }
});

it("queues that cannot be used when they start work once they can, and keep nothing else from running meanwhile", async () => {
  const database = await createDatabase();
  const owner = new Client({ connectionString: database.url });
  await owner.connect();
  // What BullMQ asks first fails on a connection that stands, as it does while a server stops.
  await owner.query("alter schema bullmq rename to away");
  const { queues, warned, warnings } = openQueues(database.workUrl);
  try {
    const ran = new Promise<string>((resolve) => {
      queues.work(
        (effectId) => Promise.resolve(resolve(effectId)),
        () => undefined,
      );
    });
    for (let round = 0; round < 3; round += 1) await warned();
    await owner.query("alter schema away rename to bullmq");
    const id = randomUUID();
    const dueAt = new Date();
    while (!(await queues.enqueue([{ id, queue: "grants", dueAt, inMs: 0 }], 1_000))) await sleep(50);
    expect(await ran).toBe(id);
    expect(warnings()).toBeLessThan(200);
  } finally {
    await queues.close(1_000);
    await owner.end();
    await database.close();
  }
});

it("a worker whose questions fail rests before it asks again, and goes on", async () => {
  const database = await createDatabase();
  const owner = new Client({ connectionString: database.url });
  await owner.connect();
  // The queues can be used by all that BullMQ looks at when it starts.
  await owner.query("alter table bullmq.job rename to away");
  const { queues, warned, warnings } = openQueues(database.workUrl);
  try {
    const ran = new Promise<string>((resolve) => {
      queues.work(
        (effectId) => Promise.resolve(resolve(effectId)),
        () => undefined,
      );
    });
    await warned();
    // However slow the machine, no more come in this time; without a rest there are hundreds.
    await sleep(1_500);
    expect(warnings()).toBeLessThan(50);
    await owner.query("alter table bullmq.away rename to job");
    const id = randomUUID();
    const dueAt = new Date();
    while (!(await queues.enqueue([{ id, queue: "grants", dueAt, inMs: 0 }], 1_000))) await sleep(50);
    expect(await ran).toBe(id);
  } finally {
    await queues.close(1_000);
    await owner.end();
    await database.close();
  }
});
