import { Prisma } from "../generated/prisma/client.ts";

/** The time every decision is taken by: the database's, so that replicas with wrong clocks agree. */
export type Clock = {
  /** As SQL: exact, and fixed for one statement. */
  readonly now: Prisma.Sql;
  /** Without asking: some milliseconds behind, never ahead; `undefined` when the database was not heard of lately. */
  estimate(): Date | undefined;
  /** The database has just said that this is its time. */
  learn(now: Date): void;
};

/** The database's own time. */
export function createDatabaseClock(): Clock {
  return { now: Prisma.sql`statement_timestamp()`, ...createEstimate() };
}

/** The database's time plus what it was moved on by: for the playground and for tests. */
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

/** What was heard is good for this long; then the database is asked again, and may have been set or replaced. */
const heardForMs = 5_000;
/** This machine slept, or its clock was set: what was heard before counts for nothing. */
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
      // The answer that was the least time under way says it best.
      if (!heard || !isGood() || lead > heard.lead) heard = { lead, steadyAt, wallAt: Date.now() };
    },
    shift(milliseconds) {
      if (heard) heard = { ...heard, lead: heard.lead + milliseconds };
    },
  };
}
