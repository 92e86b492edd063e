import { readMoment, wordMoment } from "../../src/policy/moment.ts";

test.each([
  ["2026-11-21 03:00", "Europe/London", "2026-11-21T03:00:00.000Z"],
  ["2026-07-21 03:00", "Europe/London", "2026-07-21T02:00:00.000Z"],
  ["2026-07-21T03:00:30", "America/New_York", "2026-07-21T07:00:30.000Z"],
  ["2026-07-21 03:00", "Asia/Kathmandu", "2026-07-20T21:15:00.000Z"],
  // Clocks show 01:30 twice: the first is still summer time.
  ["2026-10-25 01:30", "Europe/London", "2026-10-25T00:30:00.000Z"],
  ["2026-10-25 02:00", "Europe/London", "2026-10-25T02:00:00.000Z"],
  ["2026-04-05 01:45", "Australia/Lord_Howe", "2026-04-04T14:45:00.000Z"],
  // Around the hour that is skipped.
  ["2026-03-29 00:59", "Europe/London", "2026-03-29T00:59:00.000Z"],
  ["2026-03-29 02:00", "Europe/London", "2026-03-29T01:00:00.000Z"],
  ["2026-11-21T03:00Z", "Asia/Tokyo", "2026-11-21T03:00:00.000Z"],
  ["2026-11-21 03:00 +05:30", "Asia/Tokyo", "2026-11-20T21:30:00.000Z"],
])("%s in %s is %s", (text, timeZone, expected) => {
  const read = readMoment(text, timeZone);
  expect(read.ok && read.at.toISOString()).toBe(expected);
});

test.each([
  ["2026-03-29 01:30", "expected a time that clocks in Europe/London show: on this day they skip it"],
  ["tomorrow", 'expected a time such as "2026-11-21 03:00"'],
  ["2026-02-30 10:00", 'expected a time such as "2026-11-21 03:00"'],
  ["2026-11-21 25:00", 'expected a time such as "2026-11-21 03:00"'],
  ["2026-11-21", 'expected a time such as "2026-11-21 03:00"'],
  ["2026-11-21 10:00 +99:00", 'expected a time such as "2026-11-21 03:00"'],
])("%s is none in London", (text, message) => {
  expect(readMoment(text, "Europe/London")).toEqual({ ok: false, message: expect.stringContaining(message) });
});

test("is worded as the clocks show it", () => {
  expect(wordMoment(new Date("2026-07-21T02:00:00Z"), "Europe/London")).toBe(
    "Tue 2026-07-21 03:00 BST (Europe/London)",
  );
});
