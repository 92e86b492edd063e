export const grantStatuses = ["granting", "active", "revoking", "revoked"] as const;
export type GrantStatus = (typeof grantStatuses)[number];

/** Why access ends. `failed`: the grant did not succeed and what may have half happened is taken away. */
export const revokeReasons = [
  "expired",
  "returned",
  "withdrawn",
  "idle",
  "lockdown",
  "offboarded",
  "drift",
  "failed",
] as const;
export type RevokeReason = (typeof revokeReasons)[number];

/** Access in one provider, from the moment it is owed until it is proven gone. */
export type Grant = {
  readonly id: string;
  readonly requestId: string;
  readonly status: GrantStatus;
  readonly provider: string;
  readonly subject: string;
  readonly target: unknown;
  /** What the provider handed back at grant and needs at revoke. */
  readonly state?: Readonly<Record<string, unknown>>;
  readonly durationSeconds: number;
  readonly activeAt?: Date;
  readonly expiresAt?: Date;
  /** Since when it should be gone, once it is ending: its expiry, or when it was told to end early or was there again. */
  readonly endingSince?: Date;
  readonly revokeReason?: RevokeReason;
  readonly revokedAt?: Date;
  readonly revokeAttempts: number;
  readonly lastError?: string;
  /** When it was last seen to be used, where the rule ends what is idle. */
  readonly lastUsedAt?: Date;
  /** The person held it before, by nobody's approval here: it is not ours to take away at the end. */
  readonly isStanding?: boolean;
  /** When the access was seen to be gone though it should last; absent while it is there. */
  readonly vanishedAt?: Date;
};
