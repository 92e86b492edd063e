import { formatDate, fromLocalInput, toLocalInput } from "../../playground/page/text/dates.ts";

/** Tuesday. */
const at = Date.UTC(2026, 2, 3, 22, 5, 9) / 1000;
const now = at * 1000;

test.each([
  ["{date_num}", "2026-03-03"],
  ["{date}", "March 3rd, 2026"],
  ["{date_short}", "Mar 3, 2026"],
  ["{date_long}", "Tuesday, March 3rd, 2026"],
  ["{date_pretty}", "today"],
  ["{date_short_pretty} at {time}", "today at 10:05 PM"],
  ["{time_secs}", "10:05:09 PM"],
  ["{time} {mystery}", "10:05 PM {mystery}"],
])("%s is written as Slack writes it", (format, expected) => {
  expect(formatDate(format, at, "UTC", now)).toBe(expected);
});

test("a moment is on the day of whoever reads it", () => {
  const format = "{date_num} {time} {date_short_pretty}";
  expect(formatDate(format, at, "Asia/Tokyo", now)).toBe("2026-03-04 7:05 AM today");
  expect(formatDate(format, at, "America/Los_Angeles", now)).toBe("2026-03-03 2:05 PM today");
  const later = now + 3 * 3_600_000;
  expect(formatDate("{date_pretty}", at, "Europe/Berlin", later)).toBe("yesterday");
  expect(formatDate("{date_pretty}", at, "America/New_York", later)).toBe("today");
});

test("yesterday and tomorrow are calendar days, also where a day has 23 hours", () => {
  // New York's clocks go forward on 8 March 2026.
  const beforeMidnight = Date.UTC(2026, 2, 9, 3, 30);
  const [yesterday, tomorrow] = [Date.UTC(2026, 2, 7, 22), Date.UTC(2026, 2, 9, 4, 30)];
  expect(formatDate("{date_long_pretty}", yesterday / 1000, "America/New_York", beforeMidnight)).toBe(
    "yesterday",
  );
  expect(formatDate("{date_long_pretty}", tomorrow / 1000, "America/New_York", beforeMidnight)).toBe(
    "tomorrow",
  );
  expect(formatDate("{date_short_pretty}", at - 10 * 86_400, "UTC", now)).toBe("Feb 21, 2026");
});

test.each([
  [-5, "5 seconds ago"],
  [-90, "1 minute ago"],
  [-7200, "2 hours ago"],
  [-86_400 * 3, "3 days ago"],
  [600, "in 10 minutes"],
])("%i seconds from now is %s", (seconds, expected) => {
  expect(formatDate("{ago}", at + seconds, "UTC", now)).toBe(expected);
});

test("what is no moment, or no format, is left to the fallback", () => {
  expect(formatDate("{date}", Number.NaN, "UTC", now)).toBeUndefined();
  expect(formatDate("{date}", 1e15, "UTC", now)).toBeUndefined();
  expect(formatDate("soon", at, "UTC", now)).toBeUndefined();
});

test("a zone nobody knows is read as UTC instead of failing", () => {
  expect(formatDate("{time}", at, "Mars/Olympus", now)).toBe("10:05 PM");
});

test("a moment survives the way through an input in any zone", () => {
  const minute = at - (at % 60);
  for (const zone of ["UTC", "Asia/Kolkata", "America/New_York", "Pacific/Auckland"]) {
    expect(fromLocalInput(toLocalInput(minute, zone), zone)).toBe(minute);
  }
  expect(toLocalInput(minute, "Asia/Kolkata")).toBe("2026-03-04T03:35");
  expect(fromLocalInput("", "UTC")).toBeUndefined();
});
