import type { PrismaClient } from "../generated/prisma/client.ts";
import type { People } from "../identity/people.ts";
import type { LookUp } from "../identity/standing.ts";
import type { Clock } from "../persistence/clock.ts";
import type { BatchedEnds } from "../persistence/batched-ends.ts";
import type { OwedEffect } from "../persistence/requests.ts";
import type { GroupReader } from "../groups/group-reader.ts";
import type { Policy } from "../policy/policy.ts";
import type { LockdownReader } from "./lockdown-reader.ts";
import type { RecentStates } from "./recent-states.ts";

/** What recording anything needs. */
export type RecordDeps = {
  readonly db: PrismaClient;
  readonly clock: Clock;
  readonly recent: RecentStates;
  /** Where much happens at once: asks for many requests by one statement. Absent, each has a statement of its own. */
  readonly ends?: BatchedEnds;
  /** Told after each commit what it owes, so that it is carried out soon; losing this delays, never loses. */
  readonly wake: (effects: readonly OwedEffect[], now: Date) => void;
};

/** Who is who, and how they stand now. */
export type IdentityDeps = { readonly people: People; readonly lookUp: LookUp };

/** What deciding by the policy needs besides. */
export type PolicyDeps = RecordDeps &
  IdentityDeps & {
    /** The policy in force now. */
    readonly policy: () => Policy;
    /** Who is in the groups that the policy does not list itself. */
    readonly groups: GroupReader;
    readonly lockdowns: LockdownReader;
  };
