import type { RequestSource } from "../../domain/request/request.ts";
import type { History } from "./history.ts";
import type { Lockdown } from "../lockdown.ts";
import type { Memberships } from "../membership.ts";

/** What was typed, by provider, then by field. */
export type TypedInput = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** What somebody asks for. */
export type Ask = {
  readonly requester: {
    /** Our number for them; absent if the person is not real, as in a policy's tests. */
    readonly id?: number | undefined;
    readonly email: string;
    /** Their other addresses: these do not let them ask for anything, but keep them from deciding their own requests. */
    readonly addresses?: readonly string[] | undefined;
  };
  readonly resource: string;
  readonly role: string;
  readonly durationSeconds: number;
  readonly reason: string;
  readonly ticket?: string | undefined;
  /** What was typed for each provider, by field. Absent if only the policy is asked; then it is not checked. */
  readonly input?: TypedInput | undefined;
  readonly source: RequestSource;
  /** The address that an API request came from. */
  readonly ip?: string | undefined;
  /** Break-glass: taken now and reviewed afterwards. */
  readonly isBreakGlass?: boolean | undefined;
  readonly now: Date;
};

/** What an answer depends on besides the policy and the request: who is in external groups, and what happened before. */
export type Facts = {
  readonly memberships: Memberships;
  readonly history: History;
  /** None by default. */
  readonly lockdowns?: readonly Lockdown[];
};
