import { setTimeout as sleep } from "node:timers/promises";
import { createCourtesy } from "../../src/jobs/courtesy.ts";

/** Somebody who waits until they are told to go. */
function waiter(courtesy: ReturnType<typeof createCourtesy>) {
  let go = (): void => undefined;
  const done = courtesy.attend(() => new Promise<void>((resolve) => (go = resolve)));
  return {
    async leave() {
      go();
      await done;
    },
  };
}

/** Whether a promise is settled by now. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol("pending");
  return (await Promise.race([promise, Promise.resolve(pending)])) !== pending;
}

test("nothing is held up while nobody waits", async () => {
  expect(await isSettled(createCourtesy().quiet(60_000))).toBe(true);
});

test("what can wait waits for who waits, and goes on once the last of them has their answer", async () => {
  const courtesy = createCourtesy();
  const [first, second] = [waiter(courtesy), waiter(courtesy)];
  const held = courtesy.quiet(60_000);
  await first.leave();
  await sleep(100);
  expect(await isSettled(held)).toBe(false);
  await second.leave();
  await held;
});

test("people who come one right after the other are one crowd", async () => {
  const courtesy = createCourtesy();
  let crowd = waiter(courtesy);
  const held = courtesy.quiet(60_000);
  for (let turn = 0; turn < 20; turn += 1) {
    await sleep(5);
    await crowd.leave();
    crowd = waiter(courtesy);
  }
  expect(await isSettled(held)).toBe(false);
  await crowd.leave();
  await held;
});

test("what can wait does not wait for ever", async () => {
  const courtesy = createCourtesy();
  const busy = waiter(courtesy);
  const started = performance.now();
  await courtesy.quiet(100);
  expect(performance.now() - started).toBeGreaterThanOrEqual(99);
  await busy.leave();
});

test("while people wait, what comes in numbers goes on one after the other; after that, all at once", async () => {
  const courtesy = createCourtesy(() => true);
  const busy = waiter(courtesy);
  const gone: number[] = [];
  const turns = Array.from({ length: 50 }, (_, number) => courtesy.turn(false).then(() => gone.push(number)));
  await sleep(600);
  expect(gone.length).toBeGreaterThan(0);
  expect(gone.length).toBeLessThan(5);
  expect(gone).toEqual(gone.map((_, index) => index));
  await busy.leave();
  await Promise.all(turns);
});

test("where people leave room, turns come sooner", async () => {
  const goneIn = async (isBusy: boolean): Promise<number> => {
    const courtesy = createCourtesy(() => isBusy);
    const waits = waiter(courtesy);
    let gone = 0;
    const turns = Array.from({ length: 50 }, () => courtesy.turn(false).then(() => (gone += 1)));
    await sleep(1_000);
    const inTime = gone;
    await waits.leave();
    await Promise.all(turns);
    return inTime;
  };
  const [crowded, roomy] = await Promise.all([goneIn(true), goneIn(false)]);
  expect(roomy).toBeGreaterThan(crowded);
});

test("the urgent go before those who came earlier", async () => {
  const courtesy = createCourtesy(() => true);
  const busy = waiter(courtesy);
  const gone: string[] = [];
  const turns = ["message", "message", "grant"].map((what) =>
    courtesy.turn(what === "grant").then(() => gone.push(what)),
  );
  await Promise.race(turns);
  expect(gone).toEqual(["grant"]);
  await busy.leave();
  await Promise.all(turns);
});

test("an answer that fails counts as one", async () => {
  const courtesy = createCourtesy();
  await expect(courtesy.attend(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
  await courtesy.quiet(60_000);
});

test("nobody is waited for longer than they wait themselves, nor counted twice when they go", async () => {
  const courtesy = createCourtesy();
  const slow = waiter(courtesy);
  expect(await courtesy.quiet(10_000)).toBe(true);
  await slow.leave();
  const next = waiter(courtesy);
  await sleep(50);
  expect(await isSettled(courtesy.quiet(60_000))).toBe(false);
  await next.leave();
});
