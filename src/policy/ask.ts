import type { RequestSource } from "../domain/request.ts";
import type { History } from "./history.ts";
import type { Lockdown } from "./lockdown.ts";
import type { Memberships } from "./membership.ts";

/** By provider, then by field. */
export type TypedInput = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** What somebody asks for. */
export type Ask = {
  readonly requester: {
    /** Our number for them; absent where it is asked of nobody real, as in a policy's tests. */
    readonly id?: number | undefined;
    readonly email: string;
    /** What they go by besides: it lets them ask for nothing, and keeps them from deciding their own. */
    readonly addresses?: readonly string[] | undefined;
  };
  readonly resource: string;
  readonly role: string;
  readonly durationSeconds: number;
  readonly reason: string;
  readonly ticket?: string | undefined;
  /** What was typed for each provider, by its fields. Absent where only the policy is asked: then it is not judged. */
  readonly input?: TypedInput | undefined;
  readonly source: RequestSource;
  /** Where a request by the API came from. */
  readonly ip?: string | undefined;
  /** Taken now and reviewed afterwards. */
  readonly isBreakGlass?: boolean | undefined;
  readonly now: Date;
};

/** What an answer depends on beside the policy and the ask: who is in groups kept elsewhere, and what was before. */
export type Facts = {
  readonly memberships: Memberships;
  readonly history: History;
  /** None unless given. */
  readonly lockdowns?: readonly Lockdown[];
};
