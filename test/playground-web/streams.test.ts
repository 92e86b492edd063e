import { mock } from "node:test";
import { coalesced } from "../../playground/web/streams.ts";

afterEach(() => {
  mock.timers.reset();
});

test("what happens within 30 ms is told once, and what happens after it again", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const act = mock.fn();
  const { soon, stop } = coalesced(act);
  soon();
  mock.timers.tick(10);
  soon();
  mock.timers.tick(19);
  soon();
  expect(act.mock.callCount()).toBe(0);
  mock.timers.tick(1);
  expect(act.mock.callCount()).toBe(1);
  mock.timers.tick(1000);
  expect(act.mock.callCount()).toBe(1);
  soon();
  mock.timers.tick(30);
  expect(act.mock.callCount()).toBe(2);
  soon();
  stop();
  mock.timers.tick(30);
  expect(act.mock.callCount()).toBe(2);
});
