import { z } from "zod";
import { unknownHandlings } from "../../domain/drift/drift.ts";
import { WrittenHours } from "../hours.ts";
import { WrittenIpRanges } from "../ip-range.ts";
import { Approver, Email, Notify, Principal } from "../principal.ts";
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

/** A day: approvers in every time zone see the request during working hours, and none waits for ever. */
export const defaultTimeoutSeconds = 86_400;

/** A working day: enough for one task, gone by the next morning. */
export const defaultMaxDurationSeconds = 8 * 3600;

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

/** Limits of a role or a rule; where both set one, the narrower applies. */
const limits = {
  max_duration: Duration.optional().describe("Nobody may ask for longer."),
  default_duration: Duration.optional().describe("What the form offers."),
  max_active: Count.optional().describe("How many such grants a person may hold at a time."),
  cooldown: Duration.optional().describe("After such a grant has ended, a person waits this long."),
};
const WrittenLimits = z.object(limits);
export type WrittenLimits = z.infer<typeof WrittenLimits>;

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
    ...limits,
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

/** One step of `approvals:` */
const WrittenStep = z.strictObject({
  from: z
    .array(Approver)
    .min(1, { error: "expected at least one approver" })
    .describe("Who may approve: group:NAME or e-mail addresses, never the person who asks."),
  count: Count.default(1).describe("How many of them have to."),
  notify: Notify.optional().describe(
    "Whom to ping: none, on-call (those of them who are) or group:NAME; unless told, everybody who may decide.",
  ),
});

const matches = z.string().describe("A regular expression (RE2) that must be found in it.");

/** `requires:` of a rule: what a request has to say. */
const WrittenRequirements = z.strictObject({
  reason: z
    .strictObject({
      min_length: Count.optional().describe("How many characters it has at least."),
      matches: matches.optional(),
      message: Message.optional(),
    })
    .optional(),
  ticket: z.strictObject({ matches: matches.optional(), message: Message.optional() }).optional(),
});

/** An entry of `rules:`; references.ts checks what goes with which decision. */
export const WrittenRule = z.strictObject({
  name: Words.describe("Told to people, and recorded with each decision."),
  requesters: z
    .array(Principal)
    .min(1, { error: "expected at least one requester" })
    .describe("group:NAME, an e-mail address, or everyone."),
  access: z
    .array(AccessEntry)
    .min(1, { error: "expected at least one RESOURCE:ROLE" })
    .describe("RESOURCE:ROLE, either of them may be *."),
  when: z
    .string()
    .optional()
    .describe("A condition in CEL; where it does not hold, the rule does not match."),
  hours: WrittenHours.optional().describe("At other hours the rule does not match."),
  from_ip: WrittenIpRanges.optional().describe("From other addresses the rule does not match."),
  decision: z
    .enum(["allow", "review", "deny"])
    .describe("allow: at once; review: people approve; deny: no, and no later rule is asked."),
  message: Message.optional().describe("With deny: what the person is told."),
  requires: WrittenRequirements.optional().describe("What the reason and the ticket have to say."),
  approvals: z
    .array(WrittenStep)
    .min(1, { error: "expected at least one step" })
    .max(10, { error: "expected at most 10 steps" })
    .optional()
    .describe("Steps, one after another; each person counts once."),
  channel: Channel.optional(),
  timeout: Duration.optional().describe("A request that nobody answers expires after this: 24h unless told."),
  remind_every: Duration.optional().describe("How often those who may decide are reminded."),
  escalate: z
    .strictObject({
      after: Duration.describe("How long it waited by then."),
      to: z
        .array(Approver)
        .min(1, { error: "expected at least one approver" })
        .describe("Who may decide then, beside those who may anyway."),
    })
    .optional()
    .describe("Unanswered after this, these may decide too, and are told."),
  start_within: Duration.optional().describe("Once approved, the person starts the access within this."),
  ...limits,
  extend: z
    .strictObject({
      times: Count.describe("How often."),
      by: Duration.describe("How much longer each time."),
    })
    .optional()
    .describe("How often a grant may be extended, and by how much."),
  revoke_on_idle: Duration.optional().describe("Access that is not used for this long ends."),
  break_glass: z
    .strictObject({
      by: z.array(Principal).min(1, { error: "expected at least one person" }).describe("Who may take it."),
      review_by: z
        .array(Approver)
        .min(1, { error: "expected at least one reviewer" })
        .describe("Who looks at it afterwards, never the person who took it."),
      within: Duration.describe("How long they have."),
    })
    .optional()
    .describe("Who may take the access at once, who reviews that afterwards, and by when."),
});
export type WrittenRule = z.infer<typeof WrittenRule>;

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
