import { setTimeout as sleep } from "node:timers/promises";
import { createDatabaseClock, createMovableClock } from "../../src/persistence/database/clock.ts";

test("a clock that has heard nothing estimates nothing", () => {
  expect(createDatabaseClock().estimate()).toBeUndefined();
});

test("the estimate follows the database's time, not this machine's, and is never ahead of it", async () => {
  const clock = createDatabaseClock();
  const anHourAhead = (): number => Date.now() + 3_600_000;
  clock.learn(new Date(anHourAhead()));
  await sleep(30);
  const now = anHourAhead();
  const estimate = clock.estimate()?.getTime() ?? 0;
  // Date.now() is whole milliseconds and may be set a little while the test runs.
  expect(estimate).toBeLessThanOrEqual(now + 2);
  expect(estimate).toBeGreaterThan(now - 20);
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
  expect(ahead).toBeGreaterThan(59_900);
  expect(ahead).toBeLessThan(60_100);
});
