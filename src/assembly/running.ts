import type { Config } from "../config.ts";
import type { Metrics } from "../http/metrics.ts";
import type { Logger } from "../logger.ts";
import type { Clock } from "../persistence/database/clock.ts";
import type { Closers } from "./closers.ts";
import type { Status } from "./status.ts";

/** What every part of one Hallpass is given. */
export type Running = {
  readonly config: Config;
  readonly log: Logger;
  readonly clock: Clock;
  /** What `${NAME}` in the policy stands for. */
  readonly secret: (name: string) => string | undefined;
  /** Aborted once Hallpass is told to stop. */
  readonly signal: AbortSignal;
  readonly closers: Closers;
  readonly status: Status;
  readonly metrics: Metrics;
};
