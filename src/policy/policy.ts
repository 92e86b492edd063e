import type { Risk } from "./schema.ts";

/** Everything a policy says, checked, with defaults filled in and names resolved. */
export type Policy = {
  /** SHA-256 of `text`, in hex: the version that decisions are recorded under. */
  readonly hash: string;
  /** What was read, so that any old decision can be replayed; `${NAME}` references are left as they are. */
  readonly text: string;
  readonly settings: Settings;
  /** By e-mail address, then by provider: the name that provider knows the person by. */
  readonly people: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** Members' e-mail addresses, by group. */
  readonly groups: ReadonlyMap<string, ReadonlySet<string>>;
  readonly providers: ReadonlyMap<string, ProviderEntry>;
  readonly resources: ReadonlyMap<string, Resource>;
  /** In the order they are read; the first that matches decides. */
  readonly rules: readonly Rule[];
};

type Settings = {
  /** An IANA time zone. */
  readonly timezone: string;
  readonly channel: string;
  readonly alerts: string;
  /** Principals. */
  readonly admins: readonly string[];
  readonly auditors: readonly string[];
};

/** A system that holds access; `options` is what its type made of the entry, `type` included. */
export type ProviderEntry = { readonly type: string; readonly options: unknown };

export type Resource = {
  readonly name: string;
  readonly title: string;
  readonly provider: string;
  readonly risk: Risk;
  readonly roles: ReadonlyMap<string, Role>;
};

export type Role = {
  readonly name: string;
  readonly title: string;
  /** What the provider is asked to grant. */
  readonly target: unknown;
  readonly maxDurationSeconds: number | undefined;
};

/** `undefined` stands for `*`. */
type AccessPattern = { readonly resource: string | undefined; readonly role: string | undefined };

/** One approval step: `count` distinct people out of `approvers`. */
export type RuleStep = {
  readonly count: number;
  /** Principals, as the policy words them. */
  readonly from: readonly string[];
  /** Everybody `from` stands for: distinct e-mail addresses, sorted. */
  readonly approvers: readonly string[];
};

type RuleBase = {
  readonly name: string;
  /** Principals. */
  readonly requesters: readonly string[];
  readonly access: readonly AccessPattern[];
  readonly channel: string;
  readonly maxDurationSeconds: number | undefined;
};

export type Rule =
  | (RuleBase & { readonly decision: "allow" })
  | (RuleBase & { readonly decision: "deny"; readonly message: string | undefined })
  | (RuleBase & {
      readonly decision: "review";
      readonly steps: readonly RuleStep[];
      readonly timeoutSeconds: number;
    });
