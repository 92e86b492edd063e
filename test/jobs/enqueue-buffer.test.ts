import { type Alarm, createEnqueueBuffer } from "../../src/jobs/enqueue-buffer.ts";
import type { OwedEffect } from "../../src/persistence/effects/effects.ts";

const now = new Date("2026-03-03T12:00:00Z");
const inSeconds = (seconds: number): Date => new Date(now.getTime() + seconds * 1000);

function effects(queue: OwedEffect["queue"], count: number, dueAt = now): OwedEffect[] {
  return Array.from({ length: count }, (_, n) => ({ id: `${queue}-${n}`, queue, dueAt }));
}

/** A hand-over whose queue takes each batch when the test says so, beside people who wait or don't. */
function site(isQuiet: boolean) {
  const batches: (readonly Alarm[])[] = [];
  const waiting: (() => void)[] = [];
  let arrived = (): void => undefined;
  const handover = createEnqueueBuffer(
    async (alarms) => {
      batches.push(alarms);
      arrived();
      await new Promise<void>((resolve) => waiting.push(resolve));
    },
    { quiet: () => Promise.resolve(isQuiet) },
  );
  return {
    ...handover,
    /** The next batch that is handed over. */
    batch: async (): Promise<readonly Alarm[]> => {
      if (batches.length === 0) await new Promise<void>((resolve) => (arrived = resolve));
      const batch = batches.shift() ?? [];
      waiting.shift()?.();
      return batch;
    },
  };
}

const queuesOf = (batch: readonly Alarm[]): string => batch.map(({ queue }) => queue).join(" ");

test("what is pushed in one turn goes together", async () => {
  const { push, batch, isBehind } = site(true);
  push(effects("messages", 2), now);
  push(effects("grants", 1), now);
  expect(isBehind()).toBe(true);
  expect(await batch()).toHaveLength(3);
  expect(isBehind()).toBe(false);
});

test("a job is due as long after the hand-over as its effect was after the moment it was counted from", async () => {
  const { push, batch } = site(true);
  push(effects("revocations", 1, inSeconds(3600)), now);
  push(effects("messages", 1, inSeconds(-10)), now);
  const [message, revocation] = await batch();
  expect(message?.inMs).toBe(0);
  expect(revocation?.inMs).toBeLessThanOrEqual(3_600_000);
  expect(revocation?.inMs).toBeGreaterThan(3_540_000);
});

test("while people wait, all revocations that are due go, and of the rest the most urgent", async () => {
  const { push, batch } = site(false);
  push(effects("messages", 5), now);
  push(effects("revocations", 5, inSeconds(3600)), now);
  push(effects("deadlines", 1), now);
  push(effects("grants", 2), now);
  push(effects("revocations", 4), now);
  expect(queuesOf(await batch())).toBe("revocations revocations revocations revocations grants grants");
  expect(queuesOf(await batch())).toBe("deadlines messages");
});

test("what is due later goes last, and goes", async () => {
  const { push, batch, isBehind } = site(false);
  push(effects("revocations", 1, inSeconds(3600)), now);
  push(effects("messages", 2), now);
  expect(queuesOf(await batch())).toBe("messages messages");
  expect(queuesOf(await batch())).toBe("revocations");
  expect(isBehind()).toBe(false);
});

test("more than 10,000 are left to the sweep", async () => {
  const { push, batch, isBehind } = site(true);
  push(effects("messages", 12_000), now);
  let taken = 0;
  while (isBehind()) taken += (await batch()).length;
  expect(taken).toBe(10_000);
});

test("what comes after all was handed over is handed over too", async () => {
  const { push, batch } = site(true);
  push(effects("grants", 1), now);
  await batch();
  push(effects("messages", 1), now);
  expect(queuesOf(await batch())).toBe("messages");
});

test("a revocation that comes while others wait for people to have their answers waits for nobody", async () => {
  const batches: (readonly Alarm[])[] = [];
  const { push } = createEnqueueBuffer((alarms) => Promise.resolve(void batches.push(alarms)), {
    quiet: () => new Promise(() => undefined),
  });
  push(effects("messages", 1), now);
  await new Promise((resolve) => setImmediate(resolve));
  expect(batches).toEqual([]);
  push(effects("revocations", 1), now);
  await new Promise((resolve) => setImmediate(resolve));
  expect(batches[0]?.map(({ queue }) => queue)).toContain("revocations");
});
