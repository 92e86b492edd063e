import type { Chart } from "./charts.ts";

/** A section of the report: its text, its charts, and the numbers behind them. */
export type Section = {
  readonly id: string;
  readonly title: string;
  readonly lead: string;
  readonly charts: readonly Chart[];
  readonly tables: readonly Table[];
};

/** The first cell of a row says what the other cells are about. */
export type Table = {
  readonly caption: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** A note below the table, for example that there are more rows. */
  readonly note?: string;
};
export type Cell = string | number;
