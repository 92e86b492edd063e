export const grantStatuses = ["granting", "active", "revoking", "revoked"] as const;
export type GrantStatus = (typeof grantStatuses)[number];

/** Why access ends. `failed`: the grant did not succeed, and whatever may have been done in part is revoked. */
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

/** The system a grant was asked of, its subject and its target, by that system's own ids: a name may change, or pass to another. */
export type SystemIds = {
  readonly system: string;
  readonly subjectId: string;
  readonly targetId: string;
};

/** Something that a provider handed over for the requester only. */
export type Handover = {
  /** What it is, for everybody to read. */
  readonly title: string;
  /** The content, sealed so that only Hallpass can open it; deleted once it was seen. */
  readonly sealed?: string;
  /** ISO 8601, UTC. Any later ask for the same access has replaced it. */
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
  /**
   * When the provider was asked, recorded before asking; the duration runs from here. Absent: never asked, so there is nothing to
   * revoke.
   */
  readonly askedAt?: Date;
  /** Recorded with `askedAt`. Absent for grants asked for before grants had ids. */
  readonly ids?: SystemIds;
  /** What the provider has to be given again at every later call. */
  readonly state?: Readonly<Record<string, unknown>>;
  /** What the provider handed over, for the requester to see once. Absent: nothing, or the access is ending. */
  readonly handover?: Handover;
  readonly durationSeconds: number;
  readonly activeAt?: Date;
  readonly expiresAt?: Date;
  /** When an ending grant was due to end: its expiry, or when it was told to end early or was there again. */
  readonly endingSince?: Date;
  readonly revokeReason?: RevokeReason;
  readonly revokedAt?: Date;
  readonly revokeAttempts: number;
  readonly lastError?: string;
  /** When it was last seen in use, if the rule ends idle access. */
  readonly lastUsedAt?: Date;
  /** The person held it before, without approval here, so it is not ours to take away at the end. */
  readonly isStanding?: boolean;
  /** What we gave is gone; the person still has the access from somebody else. */
  readonly isLeft?: boolean;
  /** When live access was seen to be gone; absent while it is there. */
  readonly vanishedAt?: Date;
};

/** What an event says of a handover: its title. */
export function handedOver(handover: Handover | undefined): { readonly handover?: string } {
  return handover ? { handover: handover.title } : {};
}
