import { setTimeout as sleep } from "node:timers/promises";
import { createMemory, type Memory } from "../../src/groups/memory.ts";

let now = 0;
/** How each call so far is ended. */
let calls: { readonly resolve: (value: string) => void; readonly reject: (error: Error) => void }[] = [];
let memory: Memory<string>;

beforeEach(() => {
  now = 0;
  calls = [];
  memory = remember(2_000);
});

function remember(patienceMs: number): Memory<string> {
  const ask = (): Promise<string> =>
    new Promise((resolve, reject) => {
      calls.push({ resolve, reject });
    });
  return createMemory("The service", ask, { ttlMs: 60_000, patienceMs, now: () => now });
}

async function answered(value: string): Promise<void> {
  const reading = memory.read();
  calls.at(-1)?.resolve(value);
  expect(await reading).toBe(value);
}

test("who asks at the same time shares one call, and who asks later needs none", async () => {
  expect(memory.remembered()).toBeUndefined();
  const readings = [memory.read(), memory.read()];
  now += 1_000;
  calls[0]?.resolve("a");
  expect(await Promise.all(readings)).toEqual(["a", "a"]);
  expect([await memory.read(), memory.remembered()]).toEqual(["a", "a"]);
  expect(calls).toHaveLength(1);
});

test("its time counts from before it was asked", async () => {
  const reading = memory.read();
  now = 1_500;
  calls[0]?.resolve("a");
  await reading;
  now = 59_999;
  expect(memory.remembered()).toBe("a");
  now = 60_000;
  expect(memory.remembered()).toBeUndefined();
});

test("a value is never used beyond its time, not even while nobody answers", async () => {
  await answered("a");
  now = 60_000;
  const reading = memory.read();
  calls[1]?.reject(new Error("down"));
  await expect(reading).rejects.toThrow("down");
  expect(memory.remembered()).toBeUndefined();
});

test("a failure is repeated for five seconds without asking again", async () => {
  const reading = memory.read();
  calls[0]?.reject(new Error("down"));
  await expect(reading).rejects.toThrow("down");
  now = 4_999;
  await expect(memory.read()).rejects.toThrow("down");
  expect(calls).toHaveLength(1);
  now = 5_000;
  await answered("a");
});

test("whoever asks late in a value's time has the next one fetched and does not wait", async () => {
  await answered("a");
  now = 47_999;
  expect([await memory.read(), calls.length]).toEqual(["a", 1]);
  now = 48_000;
  expect([memory.remembered(), await memory.read(), calls.length]).toEqual(["a", "a", 2]);
  calls[1]?.resolve("b");
  await sleep(0);
  expect([memory.remembered(), calls.length]).toEqual(["b", 2]);
  now = 60_000;
  expect(memory.remembered()).toBe("b");
});

test("a next value that cannot be fetched leaves the one there is its time, and is not asked for at once", async () => {
  await answered("a");
  now = 50_000;
  memory.remembered();
  calls[1]?.reject(new Error("down"));
  await sleep(0);
  expect([memory.remembered(), await memory.read(), calls.length]).toEqual(["a", "a", 2]);
  now = 60_000;
  expect(memory.remembered()).toBeUndefined();
});

test("what was forgotten is asked anew, but not twice in five seconds", async () => {
  await answered("a");
  now = 4_999;
  memory.forget();
  expect([memory.remembered(), calls.length]).toEqual(["a", 1]);
  now = 5_000;
  expect(memory.remembered()).toBeUndefined();
  await answered("b");
  now = 59_000;
  expect(memory.remembered()).toBe("b");
});

test("what was on its way when it was forgotten is not believed for long", async () => {
  const reading = memory.read();
  memory.forget();
  calls[0]?.resolve("old");
  expect(await reading).toBe("old");
  now = 5_000;
  expect(memory.remembered()).toBeUndefined();
});

describe("a service that does not answer", () => {
  test("is waited for as long as there is patience, and heard when it answers later", async () => {
    memory = remember(20);
    await expect(memory.read()).rejects.toThrow("The service has not answered for 0.02 s");
    calls[0]?.resolve("late");
    await sleep(0);
    expect([memory.remembered(), calls.length]).toEqual(["late", 1]);
  });

  test("is waited for once only: who comes later is told at once", async () => {
    const first = memory.read();
    now = 2_000;
    await expect(memory.read()).rejects.toThrow("The service has not answered for 2 s");
    calls[0]?.resolve("a");
    expect(await first).toBe("a");
    expect(calls).toHaveLength(1);
  });
});
