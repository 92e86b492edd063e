import type { CommandType } from "../domain/command.ts";
import type { State } from "../domain/state.ts";
import type { Grant } from "../domain/grant.ts";
import type { PrismaClient } from "../generated/prisma/client.ts";
import type { Clock } from "./clock.ts";
import { isDatabaseUnavailable } from "./database.ts";
import { gather } from "../gather.ts";
import { findKeepers, type Keeper } from "./grants.ts";
import { readStates, type Transition } from "./requests.ts";
import { type Recorded, recordTransitions } from "./transitions.ts";

/**
 * What the end of access asks of the database. Each is asked for one grant at a time, and the statements of grants that end
 * together are one: a round trip costs this process more than what it carries.
 */
export type BatchedEnds = {
  readonly read: (requestId: string) => Promise<{ readonly state: State; readonly now: Date } | undefined>;
  /** Each against its own version: one that lost its race leaves the others recorded. */
  readonly record: (
    before: State,
    transition: Transition,
    command: CommandType,
  ) => Promise<Recorded | undefined>;
  readonly keeperOf: (grant: Grant) => Promise<Keeper | undefined>;
};

/** Rows of one statement, at most. */
const most = 100;

export function createBatchedEnds(db: PrismaClient, clock: Clock): BatchedEnds {
  // Nobody is helped by a hundred statements to a database that is away.
  const isWorthApart = (error: unknown): boolean => !isDatabaseUnavailable(error);
  const record = gather((all: Parameters<typeof recordTransitions>[2]) => recordTransitions(db, clock, all), {
    keyOf: ({ before }) => before.request.id,
    most,
    atOnce: 2,
    isWorthApart,
  });
  return {
    read: gather((ids: readonly string[]) => readStates(db, clock, ids), { most, atOnce: 2, isWorthApart }),
    record: (before, transition, command) => record({ before, transition, command }),
    keeperOf: gather((grants: readonly Grant[]) => findKeepers(db, clock, grants), {
      most,
      atOnce: 2,
      isWorthApart,
    }),
  };
}
