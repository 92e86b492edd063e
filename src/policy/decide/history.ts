/** What a person held, holds and was denied, as far back as rules may look. */
export type History = {
  /** Newest first. */
  readonly grants: readonly PastGrant[];
  /** Requests that people denied or the policy refused; newest first. */
  readonly denials: readonly PastDenial[];
};

export type PastGrant = {
  readonly resource: string;
  readonly role: string;
  /** The rule it was given under. */
  readonly rule: string;
  readonly startedAt: Date;
  /** Absent while it lasts: anything that may still exist in the provider counts as held. */
  readonly endedAt?: Date;
};

export type PastDenial = { readonly resource: string; readonly role: string; readonly at: Date };

export const noHistory: History = { grants: [], denials: [] };
