import type { PrismaClient } from "../generated/prisma/client.ts";
import type { People } from "../identity/people.ts";
import type { LookUp } from "../identity/account-status.ts";
import type { Clock } from "../persistence/database/clock.ts";
import type { BatchedEnds } from "../persistence/requests/batched-ends.ts";
import type { OwedEffect } from "../persistence/effects/effects.ts";
import type { GroupReader } from "../groups/group-reader.ts";
import type { Policy } from "../policy/policy.ts";
import type { LockdownReader } from "./lockdown/lockdown-reader.ts";
import type { StateCache } from "./requests/state-cache.ts";

/** What recording a transition needs. */
export type RecordDeps = {
  readonly db: PrismaClient;
  readonly clock: Clock;
  readonly recent: StateCache;
  /** Batches the reads and writes of many requests into one statement when much happens at once. Absent, each has its own statement. */
  readonly ends?: BatchedEnds;
  /** Called after each commit with the effects it owes, so that they are carried out soon; a lost call only delays them. */
  readonly wake: (effects: readonly OwedEffect[], now: Date) => void;
};

/** Who somebody is, and the current status of their accounts. */
export type IdentityDeps = { readonly people: People; readonly lookUp: LookUp };

/** What deciding by the policy needs in addition. */
export type PolicyDeps = RecordDeps &
  IdentityDeps & {
    /** The policy in force now. */
    readonly policy: () => Policy;
    /** Reads the members of groups that the policy does not list itself. */
    readonly groups: GroupReader;
    readonly lockdowns: LockdownReader;
  };
