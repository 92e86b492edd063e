import { z } from "zod";
import { unknownHandlings } from "../../domain/drift/drift.ts";
import { Email, Principal } from "../principal.ts";
import { WrittenRule, writtenLimits } from "./rule-keys.ts";
import { SinkOptions } from "./sinks.ts";
import {
  AccessEntry,
  Channel,
  Count,
  Duration,
  Message,
  Name,
  Risk,
  RoleReference,
  Subject,
  TimeZone,
  Words,
} from "./words.ts";

// The file as its author writes it. Messages are predicates ("expected ..."): shape.ts adds what came, and where.

/** More than anybody works on at a time, and few enough for approvers. */
const defaultMaxPending = 20;

/** The default interval between drift checks. */
const defaultDriftEvery = "10m";

/** Long enough that somebody who investigates finds what was tried. */
const defaultKeepEffects = "30d";

const Unknown = z
  .enum(unknownHandlings)
  .describe(
    "Access that nobody gave here: report (said once), adopt (recorded, and no more word of it), ignore, or remove (taken away, and said).",
  );

/** `drift:` of the settings */
const WrittenDrift = z.strictObject({
  unknown: Unknown.default("report"),
  every: Duration.refine((seconds) => seconds >= 60 && seconds <= 86_400, {
    error: "expected a duration from 1m to 24h",
  })
    .prefault(defaultDriftEvery)
    .describe("How often providers are compared with what should be: 10m unless told."),
});

/** `settings:` */
const WrittenSettings = z.strictObject({
  timezone: TimeZone.default("UTC").describe("An IANA time zone, such as Europe/London."),
  channel: Channel.describe("Where approval messages go unless a rule says otherwise."),
  alerts: Channel.optional().describe("Where trouble is told, such as access that is overdue to end."),
  audit: Channel.optional().describe(
    "Where signed checkpoints of the audit are posted, so that it cannot be written anew unnoticed.",
  ),
  admins: z.array(Principal).default([]).describe("Who administers Hallpass."),
  auditors: z.array(Principal).default([]).describe("Who may read everybody's requests and the audit."),
  max_pending: Count.default(defaultMaxPending).describe(
    "How many requests of one person may wait for a decision at a time.",
  ),
  keep_effects: Duration.refine((seconds) => seconds >= 86_400, { error: "expected a duration from 1d" })
    .prefault(defaultKeepEffects)
    .describe(
      "How long what was carried out stays in the table of effects: 30d unless told. The audit keeps it anyway.",
    ),
  drift: WrittenDrift.prefault({}).describe(
    "What a provider holds and should not, or lacks and should hold.",
  ),
});

const groupError = "expected one of members, slack, pagerduty and opsgenie";

const Schedule = z
  .string({ error: "expected a schedule" })
  .regex(/^[^\s/?#%]{1,100}$/, { error: "expected a schedule's id or name, without spaces" });

/** An entry of `groups:`: its members, or where they are kept. */
const WrittenGroup = z
  .strictObject({
    members: z.array(Email).optional(),
    slack: z
      .string({ error: 'expected a Slack user group such as "@engineers"' })
      .regex(/^(?:@[\p{Ll}\p{Lo}\p{M}\p{N}._-]{1,80}|S[A-Z0-9]{6,20})$/u, {
        error: 'expected a Slack user group such as "@engineers", in quotes, or its id',
      })
      .optional()
      .describe("A Slack user group. Whoever may edit it in Slack decides who is in it."),
    pagerduty: Schedule.optional().describe("Whoever is on call now by this PagerDuty schedule (its id)."),
    opsgenie: Schedule.optional().describe("Whoever is on call now by this Opsgenie schedule."),
  })
  .refine((group) => Object.values(group).filter((value) => value !== undefined).length === 1, {
    error: groupError,
  })
  .meta({ minProperties: 1, maxProperties: 1 });
export type WrittenGroup = z.infer<typeof WrittenGroup>;

/** An entry of `providers:`; its type decides what else it may hold. */
export const WrittenProvider = z.looseObject({ type: z.string() });

/** `grant:` of a role; its provider decides what it may hold. */
export const WrittenGrant = z.looseObject({});

/** A role of a resource: one grant in the resource's provider, or a bundle of other roles. */
const WrittenRole = z
  .strictObject({
    title: Words.optional(),
    grant: WrittenGrant.optional(),
    bundle: z
      .array(RoleReference)
      .min(1, { error: "expected at least one RESOURCE:ROLE" })
      .optional()
      .describe("One request for several roles, each RESOURCE:ROLE, in any providers."),
    ...writtenLimits,
  })
  .refine(({ grant, bundle }) => (grant === undefined) !== (bundle === undefined), {
    error: "expected either grant or bundle",
  })
  .meta({ oneOf: [{ required: ["grant"] }, { required: ["bundle"] }] });

/** An entry of `resources:` */
const WrittenResource = z.strictObject({
  title: Words.optional(),
  provider: z.string().optional().describe("Which provider holds the access; bundles need none."),
  risk: Risk.default("medium"),
  drift: z
    .strictObject({ unknown: Unknown })
    .optional()
    .describe("What is done about access to this resource that nobody gave here."),
  roles: z.record(Name, WrittenRole).refine((roles) => Object.keys(roles).length > 0, {
    error: "expected at least one role",
  }),
});

/** An entry of `conflicts:`: roles that nobody may hold together. */
const WrittenConflict = z.strictObject({
  name: Words.describe("Told to people, and recorded."),
  between: z
    .array(AccessEntry)
    .min(2, { error: "expected at least two RESOURCE:ROLE" })
    .describe("Whoever holds one of them may not ask for another."),
  message: Message.optional().describe("What the person is told."),
});

/** A whole policy as it is written. */
export const PolicyFile = z.strictObject({
  version: z.literal(1, { error: "expected 1, the version of this format" }),
  settings: WrittenSettings,
  people: z.record(Email, z.record(Name, Subject)).default({}),
  groups: z.record(Name, WrittenGroup).default({}),
  providers: z.record(Name, WrittenProvider).default({}),
  sinks: z.record(Name, SinkOptions).default({}).describe("Where the audit is sent (docs/sinks.md)."),
  resources: z.record(Name, WrittenResource).default({}),
  conflicts: z.array(WrittenConflict).default([]),
  rules: z.array(WrittenRule).default([]),
});
export type PolicyFile = z.infer<typeof PolicyFile>;
