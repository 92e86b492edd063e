import * as fc from "fast-check";
import { formatDuration, parseDuration, readDuration } from "../../src/domain/duration.ts";

test.each([
  ["45s", 45],
  ["30m", 1800],
  ["2h", 7200],
  ["1h30m", 5400],
  ["7d", 604_800],
  ["1d2h3m4s", 93_784],
  [" 2H ", 7200],
  ["90m", 5400],
])("%s is %d seconds", (text, seconds) => {
  expect(parseDuration(text)).toBe(seconds);
});

test.each([
  "",
  " ",
  "0",
  "0s",
  "0h0m",
  "30",
  "h",
  "1x",
  "-1h",
  "1.5h",
  "1h 30m",
  "30m1h",
  "1hh",
  "1234567s",
  "1h\n2m",
  "٣h",
])("%j is no duration", (text) => {
  expect(parseDuration(text)).toBeUndefined();
});

test.each([
  [0, "0s"],
  [-5, "0s"],
  [90, "1m30s"],
  [5400, "1h30m"],
  [86_400, "1d"],
  [90_061, "1d1h1m1s"],
])("%d seconds are written %s", (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});

test("what is written reads back as the same", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 999_999 * 86_400 }), (seconds) => {
      expect(parseDuration(formatDuration(seconds))).toBe(seconds);
    }),
  );
});

test("any text is read as whole seconds above zero, or not at all", () => {
  const unitLike = fc.string({ unit: fc.constantFrom("0", "1", "9", "d", "h", "m", "s", " ", "-", ".") });
  fc.assert(
    fc.property(fc.oneof(fc.string(), unitLike), (text) => {
      const seconds = parseDuration(text);
      expect(seconds === undefined || (Number.isSafeInteger(seconds) && seconds > 0)).toBe(true);
    }),
  );
});

test.each([
  ["2h", 7200],
  ["2H", 7200],
  ["2 hours", 7200],
  ["2\u00A0hrs", 7200],
  ["1 Hour", 3600],
  ["90 min", 5400],
  ["1.5h", 5400],
  ["1,5 h", 5400],
  ["1.1h", 3960],
  ["0.25d", 21_600],
  ["1h 30m", 5400],
  ["1 hour and 30 minutes", 5400],
  ["1h, 30min", 5400],
  ["２ｈ", 7200],
  ["2\u200Bh", 7200],
  ["45 secs", 45],
])("people may write %j for %d seconds", (text, seconds) => {
  expect(readDuration(text)).toBe(seconds);
});

test.each([
  "",
  "2",
  "h",
  "0h",
  "-1h",
  "–1h",
  "1h 1h",
  "30m 1h",
  "1.05s",
  "1.234h",
  "1,500m",
  "2 weeks",
  "2 months",
  "1h and",
  "about 2h",
  "2h constructor",
  "2 constructor",
  "٣h",
])("%j is no duration, whoever writes it", (text) => {
  expect(readDuration(text)).toBeUndefined();
});

test("people may write all that policies may", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 999_999 * 86_400 }), (seconds) => {
      expect(readDuration(formatDuration(seconds))).toBe(seconds);
    }),
  );
});
