import { type Hours, isWithin, wordHours, WrittenHours } from "../../src/policy/hours.ts";
import { answer } from "./asks.ts";
import { faultsOf, policyOf, withRule } from "./policies.ts";

const dayNames = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

function hoursOf(written: unknown): Hours {
  return WrittenHours.parse(written);
}

/** The days on which a clock on the wall showing this time is within the hours. */
function daysWithin(hours: Hours, time: string): string {
  // 2 March 2026 is a Monday.
  const isDay = (_name: string, index: number) =>
    isWithin(hours, new Date(`2026-03-0${2 + index}T${time}:00Z`), "UTC");
  return dayNames.filter(isDay).join(" ");
}

describe("days", () => {
  test.each([
    ["mon", "mon"],
    ["mon-fri", "mon tue wed thu fri"],
    ["sat,sun", "sat sun"],
    [" Mon , WED-thu ", "mon wed thu"],
    ["fri-mon", "mon fri sat sun"],
    ["sun-sat", "mon tue wed thu fri sat sun"],
    ["mon-mon", "mon"],
    ["mon,mon-tue", "mon tue"],
  ])("%s", (days, expected) => {
    expect(daysWithin(hoursOf({ days }), "00:00")).toBe(expected);
    expect(daysWithin(hoursOf({ days }), "23:59")).toBe(expected);
  });
});

describe("times of day", () => {
  test("the end is not included", () => {
    const hours = hoursOf({ from: "09:00", to: "18:00" });
    expect(daysWithin(hours, "08:59")).toBe("");
    expect(daysWithin(hours, "09:00").split(" ")).toEqual(dayNames);
    expect(daysWithin(hours, "17:59").split(" ")).toEqual(dayNames);
    expect(daysWithin(hours, "18:00")).toBe("");
  });

  test("a night belongs to the day on which it begins", () => {
    const hours = hoursOf({ days: "fri-sun", from: "22:00", to: "06:00" });
    expect(daysWithin(hours, "21:59")).toBe("");
    expect(daysWithin(hours, "22:00")).toBe("fri sat sun");
    expect(daysWithin(hours, "05:59")).toBe("mon sat sun");
    expect(daysWithin(hours, "06:00")).toBe("");
  });

  test("one without the other goes to the day's end, or begins with it", () => {
    expect(daysWithin(hoursOf({ days: "mon", from: "18:00" }), "23:59")).toBe("mon");
    expect(daysWithin(hoursOf({ days: "mon", from: "18:00" }), "00:00")).toBe("");
    expect(daysWithin(hoursOf({ days: "mon", to: "06:00" }), "00:00")).toBe("mon");
    expect(daysWithin(hoursOf({ days: "mon", to: "06:00" }), "06:00")).toBe("");
  });

  test.each(["24:00", "00:00"])("%s ends the day", (to) => {
    const hours = hoursOf({ days: "mon", from: "18:00", to });
    expect(daysWithin(hours, "18:00")).toBe("mon");
    expect(daysWithin(hours, "23:59")).toBe("mon");
    expect(daysWithin(hours, "00:00")).toBe("");
    expect(daysWithin(hours, "17:59")).toBe("");
  });
});

describe("hours are those of the clock on the wall there", () => {
  const cases: readonly [zone: string, hours: object, moments: readonly [string, boolean][]][] = [
    // Clocks go from 01:00 to 02:00 on 29 March: 01:30 does not exist.
    [
      "Europe/London",
      { from: "01:00", to: "02:00" },
      [
        ["2026-03-29T00:59:59Z", false],
        ["2026-03-29T01:00:00Z", false],
        ["2026-03-29T01:30:00Z", false],
        ["2026-03-30T00:30:00Z", true],
      ],
    ],
    [
      "Europe/London",
      { from: "00:30", to: "02:30" },
      [
        ["2026-03-29T00:29:59Z", false],
        ["2026-03-29T00:30:00Z", true],
        ["2026-03-29T01:29:59Z", true],
        ["2026-03-29T01:30:00Z", false],
      ],
    ],
    // Clocks go from 02:00 back to 01:00 on 25 October: 01:30 comes twice.
    [
      "Europe/London",
      { from: "01:00", to: "02:00" },
      [
        ["2026-10-24T23:59:59Z", false],
        ["2026-10-25T00:00:00Z", true],
        ["2026-10-25T00:59:59Z", true],
        ["2026-10-25T01:00:00Z", true],
        ["2026-10-25T01:59:59Z", true],
        ["2026-10-25T02:00:00Z", false],
      ],
    ],
    // Office hours stay where they are on either side.
    [
      "Europe/London",
      { days: "mon-fri", from: "09:00", to: "18:00" },
      [
        ["2026-03-27T08:59:59Z", false],
        ["2026-03-27T09:00:00Z", true],
        ["2026-03-30T07:59:59Z", false],
        ["2026-03-30T08:00:00Z", true],
        ["2026-03-30T16:59:59Z", true],
        ["2026-03-30T17:00:00Z", false],
        ["2026-03-29T12:00:00Z", false],
      ],
    ],
    // From 02:00 to 03:00 on 8 March, and from 02:00 back to 01:00 on 1 November.
    [
      "America/New_York",
      { from: "02:00", to: "03:00" },
      [
        ["2026-03-08T06:59:59Z", false],
        ["2026-03-08T07:00:00Z", false],
        ["2026-03-08T07:59:59Z", false],
        ["2026-03-09T06:00:00Z", true],
      ],
    ],
    [
      "America/New_York",
      { days: "sun", from: "01:00", to: "02:00" },
      [
        ["2026-11-01T04:59:59Z", false],
        ["2026-11-01T05:30:00Z", true],
        ["2026-11-01T06:30:00Z", true],
        ["2026-11-01T07:00:00Z", false],
      ],
    ],
    // A night through a change of the clocks is an hour shorter or longer.
    [
      "America/New_York",
      { days: "sat", from: "22:00", to: "06:00" },
      [
        ["2026-03-08T02:59:59Z", false],
        ["2026-03-08T03:00:00Z", true],
        ["2026-03-08T09:59:59Z", true],
        ["2026-03-08T10:00:00Z", false],
        ["2026-11-01T02:00:00Z", true],
        ["2026-11-01T10:59:59Z", true],
        ["2026-11-01T11:00:00Z", false],
      ],
    ],
    // Half hours and quarters; the day there is another than in UTC.
    [
      "Asia/Kolkata",
      { days: "tue", from: "00:00", to: "09:00" },
      [
        ["2026-03-02T18:29:59Z", false],
        ["2026-03-02T18:30:00Z", true],
        ["2026-03-03T03:29:59Z", true],
        ["2026-03-03T03:30:00Z", false],
      ],
    ],
    [
      "Asia/Kathmandu",
      { from: "09:00", to: "18:00" },
      [
        ["2026-03-03T03:14:59Z", false],
        ["2026-03-03T03:15:00Z", true],
        ["2026-03-03T12:15:00Z", false],
      ],
    ],
    // Lord Howe's summer time is half an hour.
    [
      "Australia/Lord_Howe",
      { from: "01:30", to: "02:00" },
      [
        ["2026-04-04T14:45:00Z", true],
        ["2026-04-04T15:15:00Z", true],
        ["2026-04-04T15:30:00Z", false],
      ],
    ],
  ];
  test.each(cases)("%s, %j", (zone, written, moments) => {
    const seen = moments.map(([at]) => [at, isWithin(hoursOf(written), new Date(at), zone)]);
    expect(seen).toEqual(moments);
  });
});

test("the same moment is another time elsewhere", () => {
  const moment = new Date("2026-07-01T08:30:00Z");
  const zones = ["Europe/London", "America/New_York", "Europe/London", "UTC", "Asia/Tokyo"];
  const morning = hoursOf({ from: "09:00", to: "10:00" });
  expect(zones.map((zone) => isWithin(morning, moment, zone))).toEqual([true, false, true, false, false]);
});

test.each([
  [{ days: "mon-fri" }, "mon-fri"],
  [{ days: "fri-mon" }, "fri-mon"],
  [{ days: "wed,mon,sat,sun" }, "wed,sat-mon"],
  [{ from: "09:00" }, "daily 09:00 to 24:00"],
  [{ days: "mon-sun", from: "22:30", to: "06:05" }, "daily 22:30 to 06:05"],
  [{ days: "sat" }, "sat"],
])("%j reads %s", (written, words) => {
  expect(wordHours(hoursOf(written))).toBe(words);
});

describe("in a policy", () => {
  const office = 'decision: allow\nhours: { days: mon-fri, from: "09:00", to: "18:00" }';
  const inLondon = withRule(office).replace("  admins:", "  timezone: Europe/London\n  admins:");

  test("a rule does not match at other hours, and the refusal says when it does", () => {
    const policy = policyOf(inLondon);
    expect(answer(policy, { now: new Date("2026-07-01T08:00:00Z") }).verdict).toBe("allow");
    expect(answer(policy, { now: new Date("2026-07-01T17:00:00Z") })).toEqual({
      verdict: "refuse",
      refusals: [
        {
          kind: "no_rule",
          resource: "orders",
          role: "read",
          nearMisses: [{ rule: "the rule", why: "only mon-fri 09:00 to 18:00 (Europe/London)" }],
        },
      ],
    });
  });

  test("a rule that denies at some hours lets others decide at the rest", () => {
    const frozen = policyOf(
      withRule("decision: deny\nhours: { days: sat-sun }").concat(
        "  - { name: always, requesters: [everyone], access: ['*:*'], decision: allow }\n",
      ),
    );
    expect(answer(frozen, { now: new Date("2026-03-07T12:00:00Z") })).toMatchObject({ rule: "the rule" });
    expect(answer(frozen, { now: new Date("2026-03-09T12:00:00Z") })).toMatchObject({ verdict: "allow" });
  });

  const days = "expected days such as mon-fri, sat or mon,wed,fri";
  const from = 'expected a time of day such as "09:00", at most "23:59"';
  const to = 'expected a time of day such as "09:00", at most "24:00"';
  test.each([
    ["{ days: weekdays }", `20: ${days}, got "weekdays"`],
    ["{ days: mon-firday }", `20: ${days}, got "mon-firday"`],
    ["{ days: mon- }", `20: ${days}, got "mon-"`],
    ["{ days: -fri }", `20: ${days}, got "-fri"`],
    ["{ days: mon-tue-wed }", `20: ${days}, got "mon-tue-wed"`],
    ["{ days: 'mon,' }", `20: ${days}, got "mon,"`],
    ["{ days: '' }", `20: ${days}, got ""`],
    ["{ days: constructor }", `20: ${days}, got "constructor"`],
    ["{ days: [mon, tue] }", `20: ${days}, got a list of 2`],
    ["{ from: '9:00' }", `20: ${from}, got "9:00"`],
    ["{ from: 900 }", `20: ${from}, got 900`],
    ["{ from: '24:00' }", `20: ${from}, got "24:00"`],
    ["{ from: '09:60' }", `20: ${from}, got "09:60"`],
    ["{ to: '24:01' }", `18: ${to}, got "24:01"`],
    ["{ to: '99:00' }", `18: ${to}, got "99:00"`],
    ["{ to: '٠٩:٠٠' }", `18: ${to}, got "٠٩:٠٠"`],
    ["{}", "12: expected days, from and to, or all of them, got an empty map"],
    ["mon-fri", '12: expected a map, got "mon-fri"'],
    [
      "{ from: '09:00', to: '09:00' }",
      "12: expected a time of day that lasts: from and to are the same, got a map",
    ],
    ["{ day: mon, to: '09:00' }", '14: unknown key "day", did you mean "days"? Allowed here: days, from, to'],
  ])("hours: %s is a fault", (written, fault) => {
    expect(faultsOf(withRule(`decision: allow\nhours: ${written}`))).toEqual([`hallpass.yml:25:${fault}`]);
  });
});
