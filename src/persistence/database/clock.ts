import { Prisma } from "../../generated/prisma/client.ts";

/** The time all decisions use: the database's, so that replicas with wrong clocks agree. */
export type Clock = {
  /** As SQL: exact, and fixed for one statement. */
  readonly now: Prisma.Sql;
  /**
   * An estimate without a query: some milliseconds behind, never ahead; `undefined` if the database has not answered
   * lately.
   */
  estimate(): Date | undefined;
  /** Bases the estimate on the time the database has just returned. */
  learn(now: Date): void;
};

/** The database's own time. */
export function createDatabaseClock(): Clock {
  return { now: Prisma.sql`statement_timestamp()`, ...createEstimate() };
}

/** The database's time plus an offset that `advance` moves: for the playground and for tests. */
export function createMovableClock(): Clock & { advance(milliseconds: number): void } {
  let offset = 0;
  const { shift, ...estimate } = createEstimate();
  return {
    ...estimate,
    get now() {
      return Prisma.sql`(statement_timestamp() + ${offset}::float8 * interval '1 millisecond')`;
    },
    advance(milliseconds) {
      offset += milliseconds;
      shift(milliseconds);
    },
  };
}

/**
 * How long an answer is valid; then the database is asked again, because its clock may have been set or it may have
 * been replaced.
 */
const heardForMs = 5_000;
/**
 * If the wall clock and the monotonic clock differ by more than this, the machine slept or its clock was set, and the
 * estimate is dropped.
 */
const maxDisagreementMs = 50;

function createEstimate(): Omit<Clock, "now"> & { readonly shift: (milliseconds: number) => void } {
  let heard: { readonly lead: number; readonly steadyAt: number; readonly wallAt: number } | undefined;
  const isGood = (): boolean => {
    if (!heard) return false;
    const age = performance.now() - heard.steadyAt;
    return age < heardForMs && Math.abs(Date.now() - heard.wallAt - age) < maxDisagreementMs;
  };
  return {
    estimate: () => (heard && isGood() ? new Date(performance.now() + heard.lead) : undefined),
    learn(now) {
      const steadyAt = performance.now();
      const lead = now.getTime() - steadyAt;
      // The answer that was in transit the shortest time is the most accurate.
      if (!heard || !isGood() || lead > heard.lead) heard = { lead, steadyAt, wallAt: Date.now() };
    },
    shift(milliseconds) {
      if (heard) heard = { ...heard, lead: heard.lead + milliseconds };
    },
  };
}
