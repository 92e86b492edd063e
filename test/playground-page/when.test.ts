import { dayLabel, lasting, timeOf } from "../../playground/page/store/when.ts";
import { colourOf, initialsOf } from "../../playground/page/store/initials.ts";

const noon = Date.UTC(2026, 2, 1, 12);

describe("times", () => {
  it.each([
    [-5_000, "0:00"],
    [9_000, "0:09"],
    [59 * 60_000, "59:00"],
    [60 * 60_000, "1 h"],
    [65 * 60_000, "1 h 5 min"],
    [26 * 3_600_000, "1 d 2 h"],
  ])("%d ms last %s", (ms, words) => {
    expect(lasting(ms)).toBe(words);
  });

  it("are those of the reader's zone", () => {
    expect(timeOf(noon, "America/New_York")).toBe("7:00 AM");
    expect(dayLabel(noon, "UTC", noon)).toBe("Today");
    expect(dayLabel(noon - 86_400_000, "UTC", noon)).toBe("Yesterday");
    expect(dayLabel(noon, "UTC", noon + 9 * 86_400_000)).toBe("Sunday, March 1st, 2026");
  });
});

describe("avatars", () => {
  it("show initials without what is in brackets", () => {
    expect(initialsOf("Alice Archer (second account)")).toBe("AA");
    expect(initialsOf("bob")).toBe("B");
    expect(initialsOf("")).toBe("?");
  });

  it("have one colour each for the people of the playground", () => {
    const people = ["alice", "bob", "carol", "dana", "erin", "greta", "sam", "dave"];
    expect(new Set(people.map((name) => colourOf(name, 8))).size).toBe(8);
  });
});
