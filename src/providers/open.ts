import type { Provider } from "./provider.ts";

/** A provider as everybody else uses it: what it is handed is checked, and what it does is bounded. */
export type LiveProvider = Provider & {
  readonly type: string;
  /** Within so many seconds what it was asked for shows. */
  readonly settlesSeconds: number;
};
