import type { Chart } from "./charts.ts";

/** A part of the report: what it says in words, in charts, and in the numbers behind them. */
export type Section = {
  readonly id: string;
  readonly title: string;
  readonly lead: string;
  readonly charts: readonly Chart[];
  readonly tables: readonly Table[];
};

/** The first cell of a row says what the others are of. */
export type Table = {
  readonly caption: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** What is said of it below: that there are more rows, say. */
  readonly note?: string;
};
export type Cell = string | number;
