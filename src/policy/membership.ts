/** Who is in an external group, one that the policy does not list itself, as last read; or why it could not be read. */
export type Membership =
  | { readonly isKnown: true; readonly members: ReadonlySet<string> }
  | { readonly isKnown: false; readonly why: string };

/** By the group's name in the policy. */
export type Memberships = ReadonlyMap<string, Membership>;

/** Where the members of a group are kept. */
export type GroupSource =
  /** E-mail addresses, lower case. */
  | { readonly kind: "members"; readonly members: ReadonlySet<string> }
  /** A Slack user group: its handle without the `@`, or its id such as `S0614TZR7`. */
  | { readonly kind: "slack"; readonly handle: string }
  /** The people on call now by a PagerDuty schedule, given by its id. */
  | { readonly kind: "pagerduty"; readonly schedule: string }
  /** The people on call now by an Opsgenie schedule, given by its name or id. */
  | { readonly kind: "opsgenie"; readonly schedule: string };
