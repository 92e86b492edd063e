import { type Figures, outcomes, type Outcome, share, waitBuckets, wordSeconds } from "./figures.ts";
import type { Tone } from "./charts.ts";
import type { Section } from "./section.ts";
import { many, moreThan, wordDay } from "./table-words.ts";

const tones: Readonly<Record<Outcome, Tone>> = {
  approved: "good",
  taken: "calm",
  denied: "bad",
  refused: "strong",
  expired: "warn",
  cancelled: "faint",
};

const names: Readonly<Record<Outcome, string>> = {
  approved: "approved",
  taken: "taken by break-glass",
  denied: "denied",
  refused: "refused by policy",
  expired: "expired",
  cancelled: "cancelled",
};

/** How many requests were filed. */
export function filed(figures: Figures): number {
  return figures.weeks.reduce((sum, week) => sum + week.filed, 0);
}

/** Requests by week and outcome. */
export function requestSection(figures: Figures): Section {
  const { weeks, approvedBy } = figures;
  const all = filed(figures);
  const total = (outcome: Outcome): number => weeks.reduce((sum, week) => sum + week[outcome], 0);
  const approved = total("approved");
  return {
    id: "requests",
    title: "Requests",
    lead:
      `${many(all, "request")} filed. ${many(approved, "request")} approved: ${approvedBy.people} by people, ${approvedBy.rule} at once by ` +
      `a rule. ${total("taken")} taken by break-glass, without approval. A request counts as filed when it was filed and as decided when it was decided, so ` +
      `the two need not add up within a period.`,
    charts: [
      {
        id: "chart-requests",
        title: "What became of requests",
        unit: "decisions a week",
        description: `Stacked bars, one a week from ${weeks[0]?.week} to ${weeks.at(-1)?.week}. In all: ${outcomes.map((outcome) => `${total(outcome)} ${names[outcome]}`).join(", ")}. The table below has the numbers.`,
        series: outcomes.map((outcome) => ({ name: names[outcome], tone: tones[outcome] })),
        bars: weeks.map((week) => ({
          label: wordDay(week.week),
          values: outcomes.map((outcome) => week[outcome]),
        })),
      },
    ],
    tables: [
      {
        caption: "Requests in all",
        head: ["Requests", "Count", "Share of filed"],
        rows: [
          ["filed", all, share(all, all)],
          ...outcomes.map((outcome) => [names[outcome], total(outcome), share(total(outcome), all)]),
        ],
      },
      {
        caption: "Requests by week (beginning on Monday)",
        head: ["Week", "filed", ...outcomes.map((outcome) => names[outcome])],
        rows: weeks.map((week) => [week.week, week.filed, ...outcomes.map((outcome) => week[outcome])]),
      },
    ],
  };
}

/** How long people took to approve requests. */
export function waitSection({ waits }: Figures): Section {
  const { medianSeconds, p95Seconds, count, histogram } = waits;
  return {
    id: "time-to-approve",
    title: "Time to approve",
    lead:
      count === 0
        ? "Nothing was approved by people."
        : `Of ${many(count, "request")} that people approved, half took ${wordSeconds(medianSeconds)} or less and 95 in 100 took ` +
          `${wordSeconds(p95Seconds)} or less, from filing to the last approval that was needed.`,
    charts: [
      {
        id: "chart-waits",
        title: "Time to approve",
        unit: "requests",
        description: `A histogram. ${waitBuckets.map(({ label }, index) => `${label}: ${histogram[index] ?? 0}`).join(", ")}.`,
        series: [{ name: "requests", tone: "calm" }],
        bars: waitBuckets.map(({ label }, index) => ({ label, values: [histogram[index] ?? 0] })),
      },
    ],
    tables: [
      {
        caption: "Time to approve",
        head: ["Time", "Requests", "Share"],
        rows: waitBuckets.map(({ label }, index) => [
          label,
          histogram[index] ?? 0,
          share(histogram[index] ?? 0, count),
        ]),
        note: `Median ${wordSeconds(medianSeconds)}, 95th percentile ${wordSeconds(p95Seconds)}.`,
      },
    ],
  };
}

/** Requests by the rule that matched them. */
export function ruleSection({ rules, ruleCount }: Figures): Section {
  return {
    id: "rules",
    title: "Rules",
    lead: `${many(ruleCount, "rule")} of the policy matched requests. What no rule matches is refused.`,
    charts: [],
    tables: [
      {
        caption: "Rules by requests filed",
        head: ["Rule", "filed", ...outcomes.map((outcome) => names[outcome])],
        rows: rules.rows.map((row) => [row.rule, row.filed, ...outcomes.map((outcome) => row[outcome])]),
        ...moreThan(rules),
      },
    ],
  };
}
