import { z } from "zod";
import { formatDuration, parseDuration } from "../domain/duration.ts";

// The file as its author writes it. Messages are predicates ("expected ..."): faults.ts adds what came, and where.

/** A day: an approver in any time zone sees the request during working hours, and none is left lying for ever. */
export const defaultTimeoutSeconds = 86_400;

/** A working day: enough for one task, gone by the next morning. */
export const defaultMaxDurationSeconds = 8 * 3600;

/** A year: what lasts longer is standing access, and seconds have to fit the database's integers. */
const longestSeconds = 365 * 86_400;

/** The only way a name of the policy is written. (Patterns have no flags: those are lost in the JSON Schema.) */
const Name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/, {
  error: "expected a name of at most 63 letters, digits, _ and -, beginning with a letter or digit",
});

/** Whole seconds, written as people write durations. */
const Duration = z
  .string({ error: "expected a duration such as 30m, 2h or 1h30m" })
  .transform((text, context) => {
    const seconds = parseDuration(text);
    if (seconds !== undefined && seconds <= longestSeconds) return seconds;
    const limit = seconds === undefined ? "" : ` of at most ${formatDuration(longestSeconds)}`;
    context.addIssue({ code: "custom", message: `expected a duration such as 30m, 2h or 1h30m${limit}` });
    return z.NEVER;
  });

/**
 * Lower case for A to Z only: full Unicode folding would turn a look-alike such as the Kelvin sign into somebody
 * else's address.
 */
export function normalEmail(email: string): string {
  return email.trim().replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** HTML's: https://html.spec.whatwg.org/multipage/input.html#email-state-(type=email) */
const emailPattern =
  /^[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/i;

/** Whether a text is an e-mail address as policies and Slack profiles have them. */
export function isEmail(text: string): boolean {
  return text.length <= 254 && emailPattern.test(text);
}

const Email = z
  .string({ error: "expected an e-mail address" })
  .refine(isEmail, { error: "expected an e-mail address" })
  .transform(normalEmail);

const groupPrefix = "group:";

/** The group that a principal names, if it names one. */
export function groupOf(principal: string): string | undefined {
  return principal.startsWith(groupPrefix) ? principal.slice(groupPrefix.length) : undefined;
}

function isApprover(text: string): boolean {
  const group = groupOf(text);
  return group === undefined ? isEmail(text) : Name.safeParse(group).success;
}

const principalError = "expected group:NAME, an e-mail address or everyone";

/** Who: `group:NAME`, an e-mail address, or `everyone`. */
const Principal = z
  .string({ error: principalError })
  .refine((text) => text === "everyone" || isApprover(text), { error: principalError })
  .transform((text) => (groupOf(text) === undefined ? normalEmail(text) : text));

const approverError = "expected group:NAME or an e-mail address; approvers are people who can be listed";

/** Who may approve. Not `everyone`: a step counts distinct, known people. */
const Approver = z
  .string({ error: approverError })
  .refine(isApprover, { error: approverError })
  .transform((text) => (groupOf(text) === undefined ? normalEmail(text) : text));

/** `resource:role`, either of them `*`. */
const AccessEntry = z
  .string({ error: "expected RESOURCE:ROLE, either of them may be *" })
  .regex(/^(?:\*|[A-Za-z0-9][A-Za-z0-9_-]{0,62}):(?:\*|[A-Za-z0-9][A-Za-z0-9_-]{0,62})$/, {
    error: "expected RESOURCE:ROLE, either of them may be *",
  });

const channelError =
  'expected a channel: "#name" in quotes (YAML takes a bare # for a comment) or a channel id such as C024BE91L';

/** A Slack channel by name or id. */
const Channel = z
  .string({ error: channelError })
  .regex(/^(?:#[\p{Ll}\p{Lo}\p{M}\p{N}_-]{1,80}|[CG][A-Z0-9]{6,20})$/u, { error: channelError });

function isTimeZone(text: string): boolean {
  // Intl also takes offsets (+01:00), which know no summer time.
  if (!/^[a-z]/i.test(text)) return false;
  try {
    return Intl.DateTimeFormat("en", { timeZone: text }).resolvedOptions().timeZone !== "";
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

const TimeZone = z
  .string()
  .refine(isTimeZone, { error: "expected an IANA time zone such as UTC or Europe/London" });

/** One line for people to read. */
const Words = z.string().regex(/^(?=.*[^\s\p{Cf}\p{DI}])[^\p{Cc}]{1,200}$/u, {
  error: "expected one line of 1 to 200 characters",
});

const Message = z.string().refine((text) => /[^\s\p{Cf}\p{DI}]/u.test(text) && text.length <= 1000, {
  error: "expected 1 to 1000 characters",
});

/** What a provider calls somebody or something. */
const Subject = z
  .string()
  .min(1, { error: "expected a name" })
  .max(256, { error: "expected at most 256 characters" });

export const Risk = z.enum(["low", "medium", "high"]);
export type Risk = z.infer<typeof Risk>;

/** `settings:` */
const WrittenSettings = z.strictObject({
  timezone: TimeZone.default("UTC").describe("An IANA time zone, such as Europe/London."),
  channel: Channel.describe("Where approval messages go unless a rule says otherwise."),
  alerts: Channel.optional().describe("Where trouble is told, such as access that is overdue to end."),
  admins: z.array(Principal).default([]).describe("Who administers Hallpass."),
  auditors: z.array(Principal).default([]).describe("Who may read everybody's requests and the audit."),
});

/** An entry of `groups:` */
const WrittenGroup = z.strictObject({ members: z.array(Email) });

/** An entry of `providers:`; its type decides what else it may hold. */
export const WrittenProvider = z.looseObject({ type: z.string() });

/** `grant:` of a role; its provider decides what it may hold. */
export const WrittenGrant = z.looseObject({});

/** A role of a resource. */
const WrittenRole = z.strictObject({
  title: Words.optional(),
  grant: WrittenGrant,
  max_duration: Duration.optional(),
});

/** An entry of `resources:` */
const WrittenResource = z.strictObject({
  title: Words.optional(),
  provider: z.string(),
  risk: Risk.default("medium"),
  roles: z.record(Name, WrittenRole).refine((roles) => Object.keys(roles).length > 0, {
    error: "expected at least one role",
  }),
});

/** One step of `approvals:` */
const WrittenStep = z.strictObject({
  from: z.array(Approver).min(1, { error: "expected at least one approver" }),
  count: z
    .int({ error: "expected a whole number from 1" })
    .min(1, { error: "expected a whole number from 1" })
    .default(1),
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
  decision: z
    .enum(["allow", "review", "deny"])
    .describe("allow: at once; review: people approve; deny: no, and no later rule is asked."),
  message: Message.optional().describe("With deny: what the person is told."),
  approvals: z.array(WrittenStep).length(1, { error: "expected exactly one step" }).optional(),
  channel: Channel.optional(),
  timeout: Duration.optional().describe("A request that nobody answers expires after this: 24h unless told."),
  max_duration: Duration.optional().describe("Nobody may ask for longer."),
});
export type WrittenRule = z.infer<typeof WrittenRule>;

/** A whole policy as it is written. */
export const PolicyFile = z.strictObject({
  version: z.literal(1, { error: "expected 1, the version of this format" }),
  settings: WrittenSettings,
  people: z.record(Email, z.record(Name, Subject)).default({}),
  groups: z.record(Name, WrittenGroup).default({}),
  providers: z.record(Name, WrittenProvider).default({}),
  resources: z.record(Name, WrittenResource).default({}),
  rules: z.array(WrittenRule).default([]),
});
export type PolicyFile = z.infer<typeof PolicyFile>;
