import { jest } from "@jest/globals";
import { coalesced } from "../../playground/web/streams.ts";

afterEach(() => {
  jest.useRealTimers();
});

test("what happens within 30 ms is told once, and what happens after it again", () => {
  jest.useFakeTimers();
  const act = jest.fn();
  const { soon, stop } = coalesced(act);
  soon();
  jest.advanceTimersByTime(10);
  soon();
  jest.advanceTimersByTime(19);
  soon();
  expect(act).not.toHaveBeenCalled();
  jest.advanceTimersByTime(1);
  expect(act).toHaveBeenCalledTimes(1);
  jest.advanceTimersByTime(1000);
  expect(act).toHaveBeenCalledTimes(1);
  soon();
  jest.advanceTimersByTime(30);
  expect(act).toHaveBeenCalledTimes(2);
  soon();
  stop();
  jest.advanceTimersByTime(30);
  expect(act).toHaveBeenCalledTimes(2);
});
