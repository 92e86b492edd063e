import type { Tone } from "./charts.ts";
import { type Figures, type Risk, risks, share } from "./figures.ts";
import type { Section } from "./section.ts";
import { many, moreThan, wordDay } from "./table-words.ts";

const tones: Readonly<Record<Risk, Tone>> = { low: "good", medium: "warn", high: "bad", unknown: "faint" };
const names: Readonly<Record<Risk, string>> = {
  low: "low risk",
  medium: "medium risk",
  high: "high risk",
  unknown: "risk not recorded",
};

/** Access given, by week, resource and risk. */
export function accessSection({ weeksByRisk, resources, standing }: Figures): Section {
  const total = (risk: Risk): number => weeksByRisk.reduce((sum, week) => sum + week[risk], 0);
  // The column for unrecorded risk is left out if it would be empty.
  const shown = risks.filter((risk) => risk !== "unknown" || total(risk) > 0);
  return {
    id: "access",
    title: "Access by resource and risk",
    lead: `${many(standing.justInTime, "grant")} became active, on ${many(resources.total, "resource")}. Risk is what the policy said when the request was filed.`,
    charts: [
      {
        id: "chart-access",
        title: "Access given, by risk",
        unit: "grants a week",
        description: `Stacked bars, one a week from ${weeksByRisk[0]?.week} to ${weeksByRisk.at(-1)?.week}. In all: ${shown.map((risk) => `${total(risk)} of ${names[risk]}`).join(", ")}. The table below has the numbers.`,
        series: shown.map((risk) => ({ name: names[risk], tone: tones[risk] })),
        bars: weeksByRisk.map((week) => ({
          label: wordDay(week.week),
          values: shown.map((risk) => week[risk]),
        })),
      },
    ],
    tables: [
      {
        caption: "Grants by resource",
        head: ["Resource", "all", ...shown.map((risk) => names[risk])],
        rows: resources.rows.map((row) => [
          row.resource,
          risks.reduce((sum, risk) => sum + row[risk], 0),
          ...shown.map((risk) => row[risk]),
        ]),
        ...moreThan(resources),
      },
      {
        caption: "Grants by week (beginning on Monday)",
        head: ["Week", ...shown.map((risk) => names[risk])],
        rows: weeksByRisk.map((week) => [week.week, ...shown.map((risk) => week[risk])]),
      },
    ],
  };
}

/** How much access was just in time, how much people held already, and how access ended. */
export function standingSection({ standing, counts, ends }: Figures): Section {
  const { justInTime, alreadyHeld, hoursHeld } = standing;
  return {
    id: "standing",
    title: "Standing and just-in-time access",
    lead:
      `${share(justInTime, justInTime + alreadyHeld)} of what was granted was just in time: made for a limited time and taken away ` +
      `again. The rest the person had already by a right of their own, which Hallpass leaves in place. What ended in the period had been ` +
      `held for ${Math.round(hoursHeld).toLocaleString("en")} hours in all.`,
    charts: [],
    tables: [
      {
        caption: "Standing and just-in-time access",
        head: ["Access", "Count"],
        rows: [
          ["just-in-time grants", justInTime],
          ["grants of what the person held already", alreadyHeld],
          ["requests for what the person held already", counts["request.already_held"] ?? 0],
          ["standing access found that nobody gave here", counts["drift.found"] ?? 0],
          ["standing access accepted as it is", counts["drift.adopted"] ?? 0],
        ],
      },
      {
        caption: "How access ended",
        head: ["Ended because", "Grants", "read back as gone", "kept by other access", "late"],
        rows: ends.map(({ reason, count, verified, kept, late }) => [reason, count, verified, kept, late]),
      },
    ],
  };
}

/** Who had access for a limited time. */
export function peopleSection({ people, counts }: Figures): Section {
  const erased = counts["person.erased"] ?? 0;
  return {
    id: "people",
    title: "People",
    lead:
      `${many(people.total, "person").replace(/persons$/, "people")} had access for a limited time. ` +
      `Whoever was erased is shown by number, as “erased person 7” (${erased} erased in the period).`,
    charts: [],
    tables: [
      {
        caption: "People by grants",
        head: ["Person", "Grants", "Resources"],
        rows: people.rows.map(({ person, grants, resources }) => [person, grants, resources]),
        ...moreThan(people),
      },
    ],
  };
}
