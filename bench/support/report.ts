import type { SliceResult } from "../slack-load.ts";

/** `cpuMs`: the server's processor time for each request, with all it does besides; `NaN` where it is not known. */
export type Measured = SliceResult & { readonly cpuMs: number };

/** One round: Hallpass and the floor, one right after the other. */
export type Round = { readonly hallpass: Measured; readonly floor: Measured };

/** The goal, beside the floor of the same run. */
export const goal = { throughput: 0.75, p99: 1.8 } as const;

/** The middle of some figures. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

const columns = [
  "connections",
  "req/s",
  "floor",
  "ratio",
  "p50 ms",
  "floor",
  "p99 ms",
  "floor",
  "ratio",
  "cpu ms",
  "floor",
  "goal",
];
const widths = [11, 8, 8, 7, 8, 8, 8, 8, 7, 7, 7, 24];

export const tableHead = line(columns);

/** A line of the table: medians over the rounds, and the medians of the rounds' ratios. */
export function tableLine(connections: number, rounds: readonly Round[]): string {
  const of = (side: keyof Round, value: "perSecond" | "p50" | "p99" | "cpuMs"): number =>
    median(rounds.map((round) => round[side][value]));
  const ratio = (value: "perSecond" | "p99"): number =>
    median(rounds.map(({ hallpass, floor }) => hallpass[value] / floor[value]));
  const throughput = ratio("perSecond");
  const p99 = ratio("p99");
  const missed = [...(throughput < goal.throughput ? ["req/s"] : []), ...(p99 > goal.p99 ? ["p99"] : [])];
  return line([
    String(connections),
    of("hallpass", "perSecond").toFixed(0),
    of("floor", "perSecond").toFixed(0),
    `${(throughput * 100).toFixed(0)} %`,
    of("hallpass", "p50").toFixed(1),
    of("floor", "p50").toFixed(1),
    of("hallpass", "p99").toFixed(1),
    of("floor", "p99").toFixed(1),
    `${p99.toFixed(1)} ×`,
    of("hallpass", "cpuMs").toFixed(2),
    of("floor", "cpuMs").toFixed(2),
    missed.length === 0 ? "met" : `not met: ${missed.join(", ")}`,
  ]);
}

/** One round: with nothing in the database, and with its past. */
export type HistoryRound = { readonly empty: Measured; readonly filled: Measured };

/** How much more a long past may cost. */
export const historyGoal = 1.2;

export const historyHead = line([
  "connections",
  ...["p50 ms", "p99 ms", "cpu ms"].flatMap((name) => [name, "filled", "ratio"]),
  "goal",
]);

/** Medians over the rounds, in milliseconds, and the medians of the rounds' ratios. */
export function historyLine(connections: number, rounds: readonly HistoryRound[]): string {
  const of = (side: keyof HistoryRound, value: "p50" | "p99" | "cpuMs"): string =>
    median(rounds.map((round) => round[side][value])).toFixed(2);
  const ratio = (value: "p50" | "p99" | "cpuMs"): number =>
    median(rounds.map(({ empty, filled }) => filled[value] / empty[value]));
  const missed = (["p50", "p99"] as const).filter((value) => ratio(value) > historyGoal);
  const compared = (value: "p50" | "p99" | "cpuMs"): readonly string[] => [
    of("empty", value),
    of("filled", value),
    `${ratio(value).toFixed(2)} ×`,
  ];
  return line([
    String(connections),
    ...compared("p50"),
    ...compared("p99"),
    ...compared("cpuMs"),
    missed.length === 0 ? "met" : `not met: ${missed.join(", ")}`,
  ]);
}

function line(cells: readonly string[]): string {
  return cells.map((cell, index) => cell.padStart(widths[index] ?? 0)).join("  ");
}
