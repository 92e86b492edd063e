import { setTimeout as sleep } from "node:timers/promises";
import { createDatabaseClock, createMovableClock } from "../../src/persistence/database/clock.ts";

test("a clock that has heard nothing estimates nothing", () => {
  expect(createDatabaseClock().estimate()).toBeUndefined();
});

test("the estimate follows the database's time, not this machine's, and is never ahead of it", async () => {
  const clock = createDatabaseClock();
  const anHourAhead = (): number => Date.now() + 3_600_000;
  const heard = anHourAhead();
  clock.learn(new Date(heard));
  const learning = anHourAhead() - heard;
  await sleep(30);
  const before = anHourAhead();
  const estimate = clock.estimate()?.getTime() ?? 0;
  const after = anHourAhead();
  // Date.now() is whole milliseconds and may be set a little while the test runs.
  expect(estimate).toBeLessThanOrEqual(after + 2);
  expect(estimate).toBeGreaterThan(before - learning - 20);
});

test("an answer that was long under way does not put the estimate back", () => {
  const clock = createDatabaseClock();
  const now = Date.now();
  clock.learn(new Date(now));
  clock.learn(new Date(now - 2_000));
  expect(clock.estimate()?.getTime()).toBeGreaterThanOrEqual(now - 1);
});

test("moving the clock moves the estimate", () => {
  const clock = createMovableClock();
  clock.learn(new Date());
  clock.advance(60_000);
  const ahead = (clock.estimate()?.getTime() ?? 0) - Date.now();
  expect(ahead).toBeGreaterThan(50_000);
  expect(ahead).toBeLessThan(60_100);
});
