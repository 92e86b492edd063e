import type { UnknownHandling } from "../domain/drift/drift.ts";
import type { RuleTerms } from "../domain/request/request.ts";
import type { Condition } from "./conditions/condition.ts";
import type { Hours } from "./hours.ts";
import type { IpRanges } from "./ip-range.ts";
import type { GroupSource } from "./membership.ts";
import type { Pattern } from "../pattern.ts";
import type { SinkOptions } from "./language/sinks.ts";
import type { Risk } from "./language/words.ts";

/** A checked policy, with defaults filled in and names resolved. */
export type Policy = {
  /** SHA-256 of `text`, in hex: the version that decisions are recorded under. */
  readonly hash: string;
  /** The text as read, so that any old decision can be replayed; `${NAME}` references are not resolved. */
  readonly text: string;
  readonly settings: Settings;
  /** By e-mail address, then by provider: the provider's name for the person, in its canonical spelling. */
  readonly people: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly groups: ReadonlyMap<string, GroupSource>;
  /** External groups: those whose members are kept elsewhere, and have to be read. */
  readonly outsideGroups: ReadonlyMap<string, GroupSource>;
  readonly providers: ReadonlyMap<string, ProviderEntry>;
  /** Where the audit is sent. */
  readonly sinks: ReadonlyMap<string, SinkOptions>;
  readonly resources: ReadonlyMap<string, Resource>;
  readonly conflicts: readonly Conflict[];
  /** In the order they are read; the first that matches decides. */
  readonly rules: readonly Rule[];
  /** Whether any answer depends on what a person held or was denied before. */
  readonly usesHistory: boolean;
  /** For how long ended access still matters: the longest cooldown. Absent if a condition may read all of it. */
  readonly looksBackSeconds?: number;
};

type Settings = {
  /** An IANA time zone. */
  readonly timezone: string;
  readonly channel: string;
  readonly alerts: string;
  /** Where checkpoints of the audit are posted; nowhere by default. */
  readonly audit?: string | undefined;
  /** Principals. */
  readonly admins: readonly string[];
  readonly auditors: readonly string[];
  /** How many requests of one person may wait for a decision at a time. */
  readonly maxPending: number;
  /** How long effects stay in the database once they are done. */
  readonly keepEffectsSeconds: number;
  readonly drift: {
    readonly unknown: UnknownHandling;
    /** How often each provider is compared with what should be there. */
    readonly everySeconds: number;
  };
};

/** A system that holds access. */
export type ProviderEntry = {
  readonly type: string;
  /** As written, apart from `type`; parsed by its type. */
  readonly options: unknown;
  /** The canonical spelling of a name for somebody there; `undefined` if it cannot be a name there. */
  readonly canonicalSubject: (subject: string) => string | undefined;
  /** The canonical name of somebody whom `people` does not name. */
  readonly defaultSubject: (email: string) => string | undefined;
  /** What a requester has to type for access there; absent if nothing. */
  readonly input?: ProviderInput;
};

/** A field of the form that a provider asks for. */
export type InputField = {
  readonly name: string;
  readonly title: string;
  readonly description: string | undefined;
};

export type ProviderInput = {
  readonly fields: readonly InputField[];
  /** Reads what was typed, by field: returns what to keep, or what is wrong, also by field. */
  read(
    typed: Readonly<Record<string, string>>,
  ):
    | { readonly ok: true; readonly values: Readonly<Record<string, string>> }
    | { readonly ok: false; readonly faults: ReadonlyMap<string, string> };
};

export type Resource = {
  readonly name: string;
  readonly title: string;
  readonly risk: Risk;
  /** What to do about access to it that nobody gave here. */
  readonly unknownAccess: UnknownHandling;
  readonly roles: ReadonlyMap<string, Role>;
};

export type Role = {
  readonly name: string;
  readonly title: string;
  /** One, or several for a bundle. */
  readonly grants: readonly RoleGrant[];
  readonly limits: Limits;
};

/** What a provider is asked to grant. */
export type RoleGrant = {
  readonly resource: string;
  readonly role: string;
  readonly provider: string;
  readonly target: unknown;
};

/** The limits of a role or a rule; the narrower of the two applies. */
export type Limits = {
  readonly maxDurationSeconds?: number | undefined;
  readonly defaultDurationSeconds?: number | undefined;
  /** How many such grants a person may hold at a time. */
  readonly maxActive?: number | undefined;
  /** How long a person has to wait after such a grant has ended. */
  readonly cooldownSeconds?: number | undefined;
};

/** `undefined` stands for `*`. */
export type AccessPattern = { readonly resource: string | undefined; readonly role: string | undefined };

/** Roles that nobody may hold together. */
export type Conflict = {
  readonly name: string;
  readonly between: readonly AccessPattern[];
  readonly message: string | undefined;
};

/** One approval step: `count` distinct people out of `from`. */
export type RuleStep = {
  readonly count: number;
  /** Principals, as the policy words them. */
  readonly from: readonly string[];
  /** `none`, `on-call` or `group:NAME`. */
  readonly notify: string | undefined;
};

/** What a reason or a ticket has to contain. */
export type Requirement = {
  readonly minLength?: number | undefined;
  readonly pattern?: Pattern | undefined;
  readonly message?: string | undefined;
};

export type Requirements = {
  readonly reason?: Requirement | undefined;
  /** If present, there has to be a ticket. */
  readonly ticket?: Requirement | undefined;
};

type RuleBase = {
  readonly name: string;
  /** Principals. */
  readonly requesters: readonly string[];
  readonly access: readonly AccessPattern[];
  readonly when: Condition | undefined;
  readonly hours: Hours | undefined;
  readonly fromIp: IpRanges | undefined;
  readonly channel: string;
};

type GivingRule = RuleBase & {
  readonly requires: Requirements;
  readonly limits: Limits;
  /** What its requests keep of it as it stands. */
  readonly terms: RuleTerms;
};

export type AllowRule = GivingRule & { readonly decision: "allow" };

export type ReviewRule = GivingRule & {
  readonly decision: "review";
  /** What its requests keep besides if they wait for approval: not those that take the access at once. */
  readonly reviewTerms: RuleTerms;
  readonly steps: readonly RuleStep[];
  readonly timeoutSeconds: number;
  /** Principals that may also decide once a request has waited this long. */
  readonly escalate: { readonly afterSeconds: number; readonly to: readonly string[] } | undefined;
  readonly breakGlass: BreakGlass | undefined;
};

/** Who may take access at once, who reviews it afterwards, and by when. */
export type BreakGlass = {
  readonly by: readonly string[];
  readonly reviewBy: readonly string[];
  readonly withinSeconds: number;
};

export type DenyRule = RuleBase & { readonly decision: "deny"; readonly message: string | undefined };

export type Rule = AllowRule | ReviewRule | DenyRule;
