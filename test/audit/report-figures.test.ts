import { byRisk, share, weeksOfRequests, wordSeconds } from "../../src/audit/report/figures.ts";
import { drawChart } from "../../src/audit/report/charts.ts";
import { markup } from "../../src/audit/report/markup.ts";
import { type Period, parsePeriod, weeksOf } from "../../src/audit/report/period.ts";

function period(text: string, timeZone = "UTC"): Period {
  const parsed = parsePeriod(text, timeZone);
  if (!parsed.ok) throw new Error(parsed.fault);
  return parsed.period;
}

test.each([
  ["2026-Q3", "2026-07-01", "2026-09-30"],
  ["2026-q1", "2026-01-01", "2026-03-31"],
  ["2024-02", "2024-02-01", "2024-02-29"],
  ["2026", "2026-01-01", "2026-12-31"],
  ["2026-03-01..2026-03-31", "2026-03-01", "2026-03-31"],
  ["2026-03-01..2026-03-01", "2026-03-01", "2026-03-01"],
])("%s is from %s to %s", (text, firstDay, lastDay) => {
  expect(period(text)).toMatchObject({ firstDay, lastDay });
});

test.each([
  ["2026-Q5"],
  ["2026-13"],
  ["Q3"],
  [""],
  ["2026-02-30..2026-03-01"],
  ["2026-03-02..2026-03-01"],
  ["2020-01-01..2026-01-01"],
])("%j is no period", (text) => {
  expect(parsePeriod(text, "UTC")).toEqual({
    ok: false,
    fault: expect.stringMatching(/^--period must .*, got /),
  });
});

test("a day begins when clocks there say so, where they skip midnight too", () => {
  expect(period("2026-Q2", "Europe/London").from.toISOString()).toBe("2026-03-31T23:00:00.000Z");
  // Clocks in Beirut went from 00:00 to 01:00 on this day.
  expect(period("2024-03-31..2024-03-31", "Asia/Beirut").from.toISOString()).toBe("2024-03-30T22:00:00.000Z");
  expect(period("2024-03-31..2024-03-31", "Asia/Beirut").until.toISOString()).toBe(
    "2024-03-31T21:00:00.000Z",
  );
});

test("weeks begin on Monday and cover the period", () => {
  expect(weeksOf(period("2026-03-01..2026-03-09"))).toEqual(["2026-02-23", "2026-03-02", "2026-03-09"]);
});

test("a week in which nothing happened is there, and what the policy refused was filed", () => {
  const rows = [
    { week: "2026-03-09", type: "request.created", count: 3 },
    { week: "2026-03-09", type: "request.refused", count: 2 },
    { week: "2026-03-09", type: "grant.active", count: 9 },
  ];
  const none = { filed: 0, approved: 0, taken: 0, denied: 0, refused: 0, expired: 0, cancelled: 0 };
  expect(weeksOfRequests(["2026-03-02", "2026-03-09"], rows)).toEqual([
    { week: "2026-03-02", ...none },
    { week: "2026-03-09", ...none, filed: 5, refused: 2 },
  ]);
});

test("a risk that nobody knows is counted as unknown", () => {
  const rows = [
    { key: "a", risk: "severe", count: 1 },
    { key: "a", risk: "unknown", count: 1 },
    { key: "a", risk: "low", count: 4 },
  ];
  expect(byRisk(["a"], rows)).toEqual([{ key: "a", low: 4, medium: 0, high: 0, unknown: 2 }]);
});

test("times and shares are said in words that people use", () => {
  expect([undefined, 0, 59.6, 200, 7_500, 273_600, 86_400].map(wordSeconds)).toEqual([
    "–",
    "0 s",
    "1 min",
    "3 min 20 s",
    "2 h 5 min",
    "3 d 4 h",
    "1 d",
  ]);
  expect([share(1, 3), share(0, 0)]).toEqual(["33 %", "–"]);
});

test("text in markup stays text, in attributes too", () => {
  expect(markup`<a title="${`"><b>'&\u202e\u0007`}">${[markup`<i>${"<"}</i>`]}</a>`.written).toBe(
    '<a title="&quot;&gt;&lt;b&gt;&#39;&amp;\uFFFD\uFFFD"><i>&lt;</i></a>',
  );
});

test("bars are as high as their numbers, one part on top of the other", () => {
  const { written } = drawChart({
    id: "c",
    title: "T",
    description: "D",
    unit: "u",
    series: [
      { name: "one", tone: "good" },
      { name: "two", tone: "bad" },
    ],
    bars: [
      { label: "a", values: [10, 30] },
      { label: "b", values: [0, 20] },
    ],
  });
  const rects = [
    ...written.matchAll(
      /<rect class="tone-(\w+)" x="[\d.]+" y="([\d.]+)" width="[\d.]+" height="([\d.]+)">/g,
    ),
  ];
  const sizes = rects.map(([, tone, y, height]) => ({ tone, y: Number(y), height: Number(height) }));
  expect(sizes.map(({ tone }) => tone)).toEqual(["good", "bad", "bad"]);
  const [ten, thirty, twenty] = sizes;
  expect(thirty?.height).toBeCloseTo((ten?.height ?? 0) * 3, 0);
  expect(twenty?.height).toBeCloseTo((ten?.height ?? 0) * 2, 0);
  expect((thirty?.y ?? 0) + (thirty?.height ?? 0)).toBeCloseTo(ten?.y ?? 0, 0);
  expect(written).toContain('role="img" aria-labelledby="c-title c-desc"');
});
