import * as fc from "fast-check";
import type { Urgency } from "../../src/notify/surface.ts";
import { createPace } from "../../src/slack/delivery/pace.ts";

const limits = { burst: 3, intervalMs: 1_000 };

let now: number;
beforeEach(() => {
  now = 0;
});

const started = (): ReturnType<typeof createPace> => createPace(limits, () => now);

it("lets what comes to a quiet channel through at once, in a short burst", () => {
  const pace = started();
  expect(["a", "b", "c"].map((id) => pace.ask("C1", id, "ordinary"))).toEqual([0, 0, 0]);
  expect(pace.ask("C1", "d", "ordinary")).toBe(1_000);
  expect(pace.ask("C2", "d", "ordinary")).toBe(0);
  now += 5_000;
  expect(pace.ask("C1", "d", "ordinary")).toBe(0);
});

it("gives each of those who wait a time of their own, in the order in which they came", () => {
  const pace = started();
  for (const id of ["a", "b", "c"]) pace.ask("C1", id, "ordinary");
  expect(["d", "e", "f"].map((id) => pace.ask("C1", id, "ordinary"))).toEqual([1_000, 2_000, 3_000]);
  now += 1_000;
  expect(pace.ask("C1", "e", "ordinary")).toBe(1_000);
  expect(pace.ask("C1", "d", "ordinary")).toBe(0);
});

it("lets the urgent go first; who waited longer is told again when to come", () => {
  const pace = started();
  for (const id of ["a", "b", "c"]) pace.ask("C1", id, "ordinary");
  expect(pace.ask("C1", "reminder", "patient")).toBe(1_000);
  expect(pace.ask("C1", "line", "ordinary")).toBe(1_000);
  expect(pace.ask("C1", "alert", "urgent")).toBe(1_000);
  now += 1_000;
  expect(pace.ask("C1", "reminder", "patient")).toBe(2_000);
  expect(pace.ask("C1", "line", "ordinary")).toBe(1_000);
  expect(pace.ask("C1", "alert", "urgent")).toBe(0);
});

it("has those on whose behalf as urgent things come take turns, however many one of them sends", () => {
  const pace = started();
  const ask = (id: string, by: string): number => pace.ask("C1", id, "urgent", { by });
  const flood = Array.from({ length: 300 }, (_, index) => `flood ${index}`);
  for (const id of flood) ask(id, "mallory");
  // Some of them have passed by now.
  for (const id of flood.slice(3, 50)) {
    now += 1_000;
    expect(ask(id, "mallory")).toBe(0);
  }
  expect(ask("alice 1", "alice")).toBeLessThanOrEqual(2_000);
  expect(ask("alice 2", "alice")).toBeLessThanOrEqual(4_000);
  expect(ask("bob 1", "bob")).toBeLessThanOrEqual(3_000);
  const waiting = new Map([
    ...flood.slice(50).map((id) => [id, "mallory"] as const),
    ...["alice 1", "alice 2"].map((id) => [id, "alice"] as const),
    ["bob 1", "bob"],
  ]);
  const passed: string[] = [];
  while (waiting.size > 0) {
    now += 1_000;
    for (const [id, by] of waiting) {
      if (ask(id, by) > 0) continue;
      passed.push(id);
      waiting.delete(id);
    }
  }
  // Each in turn, and nobody has to stand back for those who come again and again.
  expect(passed.slice(0, 5)).toEqual(["flood 50", "alice 1", "bob 1", "flood 51", "alice 2"]);
  expect(passed.slice(5)).toEqual(flood.slice(52));
});

it("gives nobody more for having sent nothing for long", () => {
  const pace = started();
  const ask = (id: string, by: string): number => pace.ask("C1", id, "urgent", { by });
  for (let index = 0; index < 20; index += 1) ask(`mallory ${index}`, "mallory");
  for (let index = 3; index < 10; index += 1) {
    now += 1_000;
    ask(`mallory ${index}`, "mallory");
  }
  const waits = Array.from({ length: 4 }, (_, index) => ask(`alice ${index}`, "alice"));
  expect(waits).toEqual([2_000, 4_000, 6_000, 8_000]);
});

it("waits as long as Slack asks, then starts slowly", () => {
  const pace = started();
  pace.hold("C1", 30_000);
  expect(pace.ask("C1", "a", "urgent")).toBe(30_000);
  expect(pace.ask("C1", "b", "urgent")).toBe(31_000);
  now += 30_000;
  expect(pace.ask("C1", "a", "urgent")).toBe(0);
  expect(pace.ask("C1", "b", "urgent")).toBe(1_000);
});

it("does not wait for ever for whoever does not come back", () => {
  const pace = started();
  for (const id of ["a", "b", "c", "gone"]) pace.ask("C1", id, "urgent");
  now += 1_000;
  expect(pace.ask("C1", "line", "ordinary")).toBe(1_000);
  now += 5_001;
  expect(pace.ask("C1", "line", "ordinary")).toBe(0);
});

it("takes what goes with another out of the time that follows", () => {
  const pace = started();
  for (let count = 0; count < 4; count += 1) pace.take("C1");
  expect(pace.ask("C1", "a", "urgent")).toBe(2_000);
});

it("never lets more through than the burst and one an interval, and everybody who keeps coming gets through", () => {
  const asker = fc.record({
    id: fc.integer({ min: 1, max: 40 }).map(String),
    urgency: fc.constantFrom<Urgency>("urgent", "ordinary", "patient"),
    at: fc.integer({ min: 0, max: 20_000 }),
  });
  fc.assert(
    fc.property(fc.uniqueArray(asker, { selector: ({ id }) => id, maxLength: 40 }), (askers) => {
      now = 0;
      const pace = started();
      const waiting = askers.map((one) => ({ ...one }));
      const passed: number[] = [];
      let asked = 0;
      while (waiting.length > 0) {
        waiting.sort((a, b) => a.at - b.at);
        const [next] = waiting;
        if (!next) break;
        now = next.at;
        asked += 1;
        const waitMs = pace.ask("C1", next.id, next.urgency);
        if (waitMs === 0) {
          passed.push(now);
          waiting.shift();
        } else {
          next.at = now + waitMs;
        }
      }
      for (const [index, at] of passed.entries()) {
        const within = passed.slice(index).filter((other) => other - at <= 10_000);
        expect(within.length).toBeLessThanOrEqual(limits.burst + 10 + 1);
      }
      expect(passed).toHaveLength(askers.length);
      // Nobody asks again and again.
      expect(asked).toBeLessThanOrEqual(askers.length * 12);
    }),
  );
});
