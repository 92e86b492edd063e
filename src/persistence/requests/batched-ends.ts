import type { CommandType } from "../../domain/command.ts";
import type { State } from "../../domain/state.ts";
import type { Grant } from "../../domain/grant/grant.ts";
import type { PrismaClient } from "../../generated/prisma/client.ts";
import type { Clock } from "../database/clock.ts";
import { isDatabaseUnavailable } from "../database/database.ts";
import { batchCalls } from "../../batch-calls.ts";
import { findOverlappingOf, type Overlapping } from "./grants.ts";
import { readStates, type Transition } from "./requests.ts";
import { type Recorded, recordTransitions } from "./transitions.ts";

/**
 * The database calls made when access ends. Each is called for one grant; calls for grants that end together are
 * batched into one statement, because a round trip costs this process more than the rows it carries.
 */
export type BatchedEnds = {
  readonly read: (requestId: string) => Promise<{ readonly state: State; readonly now: Date } | undefined>;
  /** Each checks its own version: one lost race does not keep the others from being recorded. */
  readonly record: (
    before: State,
    transition: Transition,
    command: CommandType,
  ) => Promise<Recorded | undefined>;
  readonly overlappingOf: (grant: Grant) => Promise<Overlapping | undefined>;
};

/** Maximum rows per statement. */
const most = 100;

export function createBatchedEnds(db: PrismaClient, clock: Clock): BatchedEnds {
  // When the database is unavailable, don't retry a batch as a hundred single statements.
  const isWorthApart = (error: unknown): boolean => !isDatabaseUnavailable(error);
  const record = batchCalls(
    (all: Parameters<typeof recordTransitions>[2]) => recordTransitions(db, clock, all),
    {
      keyOf: ({ before }) => before.request.id,
      most,
      atOnce: 2,
      isWorthApart,
    },
  );
  return {
    read: batchCalls((ids: readonly string[]) => readStates(db, clock, ids), {
      most,
      atOnce: 2,
      isWorthApart,
    }),
    record: (before, transition, command) => record({ before, transition, command }),
    overlappingOf: batchCalls((grants: readonly Grant[]) => findOverlappingOf(db, clock, grants), {
      most,
      atOnce: 2,
      isWorthApart,
    }),
  };
}
