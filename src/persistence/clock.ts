import { Prisma } from "../generated/prisma/client.ts";

/** The time every decision is taken by, as SQL: the database's, so that replicas with wrong clocks agree. */
export type Clock = { readonly now: Prisma.Sql };

/** The database's own time, fixed for one statement. */
export const databaseClock: Clock = { now: Prisma.sql`statement_timestamp()` };

/** The database's time plus what it was moved on by: for the playground and for tests. */
export function createMovableClock(): Clock & { advance(milliseconds: number): void } {
  let offset = 0;
  return {
    get now() {
      return Prisma.sql`(statement_timestamp() + ${offset}::float8 * interval '1 millisecond')`;
    },
    advance(milliseconds) {
      offset += milliseconds;
    },
  };
}
