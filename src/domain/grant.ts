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

/** Which system a grant was asked of, and who and what it is about, by that system's own ids: names may change, and mean others. */
export type SystemIds = {
  readonly system: string;
  readonly subjectId: string;
  readonly targetId: string;
};

/** Something that a provider handed over for the requester alone. */
export type Handover = {
  /** What it is, for everybody to read. */
  readonly title: string;
  /** The thing itself, which only we can open; gone once it was seen. */
  readonly sealed?: string;
  /** ISO 8601, UTC. Whatever was asked of the same access after that has put something else in its place. */
  readonly since: string;
};

/** Access in one provider, from the moment it is owed until it is proven gone. */
export type Grant = {
  readonly id: string;
  readonly requestId: string;
  readonly status: GrantStatus;
  readonly provider: string;
  readonly subject: string;
  readonly target: unknown;
  /** When the provider was asked for it, on record before it was; its clock runs from then. Absent: never, so there is nothing to take away. */
  readonly askedAt?: Date;
  /** On record with it. Absent where it was asked for before grants had them. */
  readonly ids?: SystemIds;
  /** What the provider has to know again at every later call. */
  readonly state?: Readonly<Record<string, unknown>>;
  /** What it handed over, for the requester to see once. Absent: nothing, or the access is ending. */
  readonly handover?: Handover;
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
  /** All that was ours is gone, and the person has the same still, by what others gave. */
  readonly isLeft?: boolean;
  /** When the access was seen to be gone though it should last; absent while it is there. */
  readonly vanishedAt?: Date;
};

/** What an event says of a handover. */
export function handedOver(handover: Handover | undefined): { readonly handover?: string } {
  return handover ? { handover: handover.title } : {};
}
