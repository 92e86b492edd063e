import { z } from "zod";
import { RequestFlag } from "./request/anomalies.ts";
import { ApprovalFlag } from "./request/approval-anomalies.ts";
import { saying } from "./personal-fields.ts";
import { discountReasons } from "./request/request.ts";

/** Who did it: a person, the policy (an `allow` rule), or Hallpass itself (a deadline, an outcome). */
export const Actor = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("person"),
    /** Our id for the person; absent for an account that may do nothing here. */
    id: z.number().int().optional(),
    email: z.string().optional(),
    account: z.string().optional(),
  }),
  z.object({ kind: z.literal("policy") }),
  z.object({ kind: z.literal("hallpass") }),
]);
export type Actor = Readonly<z.infer<typeof Actor>>;

const seconds = z.number().int().nonnegative();
const instant = z.iso.datetime();

const { plain, value, name, subject, text } = saying;

/** Version of the policy that said who may decide, if it differs from the one the request was filed under. */
const judgedUnder = plain.optional();

/** What was handed over for the requester to see once, in the provider's words; never its content. */
const handover = text.optional();

const driftOfGrant = z.object({ provider: plain, subject, access: plain });

/** A difference between the grant that was shown and the one an approval would make today, because of the policy or a name; in words. */
export const GrantChange = z.object({ access: plain, shown: text, today: text });
export type GrantChange = Readonly<z.infer<typeof GrantChange>>;

/** `access`: each `resource:role` that maps to the target; `people`: whom the policy knows by this name. */
const unknownAccess = {
  provider: plain,
  // Not `subject`: it is no requester's name, though it may be a known person's.
  subject: text,
  target: saying.anything,
  access: z.array(plain),
  people: z.array(saying.concerned),
};

/** Data of each event type, besides who, when and which request. Past tense; times are ISO 8601 in UTC. */
export const eventData = {
  "request.created": z.object({
    durationSeconds: seconds,
    reason: text,
    ticket: text.optional(),
    source: plain,
  }),
  "request.refused": z.object({
    durationSeconds: seconds,
    reason: text,
    ticket: text.optional(),
    source: plain,
    why: text,
  }),
  /** `asks`: who is asked next, if this filled a step and another is waiting. */
  "approval.given": z.object({
    name,
    have: z.number().int(),
    needed: z.number().int(),
    step: z.number().int().optional(),
    steps: z.number().int().optional(),
    asks: z.array(value).optional(),
    policyVersion: judgedUnder,
  }),
  /**
   * `startBy`: the requester's deadline for starting the access; `extends`: the request whose access is extended. Older versions
   * also wrote it after `break_glass.used`, with the requester as actor and no approvers; see `isTaking`.
   */
  "request.approved": z.object({
    approvers: z.array(value),
    startBy: instant.optional(),
    extends: plain.optional(),
  }),
  /** An extension was approved, but can no longer be made. */
  "extension.failed": z.object({ extends: plain, why: plain }),
  /** The requester already holds this in their own right, and keeps it when the requested access ends. */
  "request.already_held": z.object({ access: z.array(plain) }),
  /** Unusual compared with the requester's earlier requests; never used to decide. */
  "request.flagged": z.object({ flags: z.array(RequestFlag) }),
  /** It is unusual who approved; never used to decide. `decision`: the approval's index in the request's decisions, from 0. */
  "approval.flagged": z.object({
    approver: value,
    decision: z.number().int(),
    flags: z.array(ApprovalFlag),
  }),
  /** An approval no longer counts; `why`: see `discountReasons`. */
  "approval.discounted": z.object({ approver: value, why: z.enum(discountReasons) }),
  "request.denied": z.object({ name, reason: text, policyVersion: judgedUnder }),
  /** `reason`: set unless the requester cancelled it; `changes`: what was shown, and what would be granted now. */
  "request.cancelled": z.object({ reason: plain.optional(), changes: z.array(GrantChange).optional() }),
  "request.expired": z.object({ respondBy: instant }),
  /** Nobody has answered yet; `asks`: who is reminded. */
  "request.reminded": z.object({ asks: z.array(value) }),
  /** Nobody has answered for long; `asks`: who may decide now too. */
  "request.escalated": z.object({ asks: z.array(value) }),
  /** Approved, but not started in time. */
  "request.lapsed": z.object({ startBy: instant }),
  /** The requester took the access without approval; `reviewBy`: the deadline for its review. */
  "break_glass.used": z.object({ reviewers: z.array(value), reviewBy: instant }),
  "break_glass.reviewed": z.object({
    name,
    verdict: z.enum(["accept", "object"]),
    note: text,
  }),
  "break_glass.overdue": z.object({ reviewers: z.array(value), reviewBy: instant }),
  /** Somebody tried to decide and may not, or came too late. Nothing else changed. */
  "decision.refused": z.object({ attempted: plain, why: plain }),
  /** `access`: the `resource:role` it gives; in a bundle it differs from the one that was asked for. */
  "grant.started": z.object({
    provider: plain,
    subject,
    target: saying.anything,
    access: plain.optional(),
    /** What the requester typed for the provider, by field. */
    input: z.record(plain, text).optional(),
  }),
  "grant.active": z.object({
    provider: plain,
    subject,
    activeAt: instant,
    expiresAt: instant,
    /** The system's own id. */
    system: plain.optional(),
    /** How to use it, as the person was told. */
    use: text.optional(),
    handover,
    /** The person held it before, and keeps it. */
    standing: z.boolean().optional(),
  }),
  /** `by`: the request that asked for it. */
  "grant.extended": z.object({
    provider: plain,
    subject,
    by: plain,
    seconds,
    expiresAt: instant,
    handover,
  }),
  /** The requester has seen what was handed over, and nobody can see it again. */
  "grant.handover_shown": z.object({ provider: plain, subject, handover: text }),
  /** What was handed over before no longer works; `because`: the request that caused this. Without `handover` there is no replacement. */
  "grant.handed_over": z.object({ provider: plain, subject, because: plain, handover }),
  "grant.failed": z.object({
    provider: plain,
    subject,
    error: text,
    /** It failed before the provider was asked, so nothing can have been granted. */
    neverAsked: z.boolean().optional(),
  }),
  /**
   * It is not known yet whether the access exists: it is still being made (`pending`), or the worker died after asking and the
   * provider cannot be read.
   */
  "grant.unsettled": z.object({ provider: plain, subject, error: text, pending: z.boolean().optional() }),
  /** The access was granted again after the end of another request had taken it away; `endOf`: that request. */
  "grant.restored": z.object({ provider: plain, subject, endOf: plain, handover }),
  /** The provider confirmed a grant that had already been told to end; it is revoked again. */
  "grant.landed_late": z.object({ provider: plain, subject }),
  /** Access that was proven gone is there again; it is revoked again. */
  "grant.reappeared": driftOfGrant,
  /** Somebody took it away before its end. */
  "grant.vanished": driftOfGrant,
  /** Vanished access is there again before its end. */
  "grant.came_back": driftOfGrant,
  /** Somebody holds access that Hallpass did not grant. `outcome`: what is done about it. */
  "drift.found": z.object({ ...unknownAccess, outcome: plain, why: plain.optional() }),
  "drift.adopted": z.object(unknownAccess),
  /** Removed, and read back as gone. */
  "drift.removed": z.object(unknownAccess),
  "drift.removal_failed": z.object({ ...unknownAccess, error: text }),
  /** It is not there any more, and Hallpass did not remove it. */
  "drift.gone": z.object(unknownAccess),
  "grant.revoking": z.object({ provider: plain, subject, reason: plain }),
  "revocation.failed": z.object({
    provider: plain,
    subject,
    error: text,
    attempt: z.number().int(),
    retryable: z.boolean(),
  }),
  /** Access due to end at `since` is not proven gone. Recorded once per step of lateness, by the watchdog. */
  "revocation.overdue": z.object({
    access: plain,
    provider: plain,
    subject,
    since: instant,
    lateSeconds: seconds,
    step: z.number().int(),
    /** How often revoking was tried, and the provider's last answer; the answer is absent if nothing has tried yet. */
    attempts: z.number().int(),
    error: text.optional(),
    retryable: z.boolean().optional(),
  }),
  /** `verified`: reading back showed that the access is gone. False if it was left in place or never asked for. */
  "grant.revoked": z.object({
    provider: plain,
    subject,
    reason: plain,
    verified: z.boolean(),
    keptBy: plain.optional(),
    /** Left in place: the person held it before it was granted. */
    standing: z.boolean().optional(),
    /** What we gave is gone; this is why they still have the same access. */
    others: text.optional(),
    /** The provider was never asked for it, so there was nothing to take away. */
    neverAsked: z.boolean().optional(),
    /** What they made with the access, and that outlives it. */
    outlives: text.optional(),
    system: plain.optional(),
    attempts: z.number().int(),
    /** How late it ended; absent below `overdueAfterSeconds`. */
    lateSeconds: seconds.optional(),
  }),
  /** `instead`: where it was posted instead. */
  "message.failed": z.object({
    kind: plain,
    channel: plain.optional(),
    error: text,
    instead: plain.optional(),
  }),
  "lockdown.begun": z.object({ kind: plain, value: saying.concerned, reason: text }),
  "lockdown.lifted": z.object({ kind: plain, value: saying.concerned }),
  "lockdown.refused": z.object({ attempted: text, why: plain }),
  /** `before`: what was in force until then. */
  "policy.loaded": z.object({ hash: plain, before: plain.optional(), via: plain }),
  "policy.refused": z.object({ inForce: plain, via: plain, faults: z.array(text) }),
  "audit.exported": z.object({
    format: plain,
    filters: z.record(plain, value),
    via: plain,
  }),
  /** The export was to arrive as a file in Slack, and could not be sent. */
  "audit.export_failed": z.object({ why: plain }),
  /** Somebody asked who could have some access, or what a person did. */
  "audit.asked": z.object({ question: text, via: plain }),
  /** The beginning of the chain was old enough to be removed: its places, both inclusive, and the file that keeps them. */
  "audit.retained": z.object({
    from: z.number().int(),
    to: z.number().int(),
    before: instant,
    archive: plain.optional(),
    via: plain,
  }),
  "audit.refused": z.object({ attempted: text, why: plain }),
  /**
   * Two people were merged, because an account of one shows an address of the other; `requests`: those that one decided about the
   * other.
   */
  "person.joined": z.object({
    person: z.number().int(),
    other: z.number().int(),
    address: saying.concerned,
    slackId: plain.optional(),
    requests: z.array(plain),
    via: plain,
  }),
  /** The address of somebody who has left passed to another person. */
  "person.passed": z.object({
    person: z.number().int(),
    other: z.number().int(),
    address: saying.concerned,
  }),
  /** An operator moved accounts and addresses from one person to another. */
  "person.split": z.object({
    person: z.number().int(),
    other: z.number().int(),
    names: z.array(value),
    via: plain,
  }),
  /** A person's key was destroyed, so what the audit says about them cannot be read any more. */
  "person.erased": z.object({ person: z.number().int() }),
} as const;

export type EventType = keyof typeof eventData;
export type EventData<T extends EventType> = Readonly<z.infer<(typeof eventData)[T]>>;

/** An audit event, before it has its place in the log; of any type, unless some are named. */
export type AuditEvent<T extends EventType = EventType> = {
  [Each in T]: {
    readonly type: Each;
    readonly at: Date;
    readonly actor: Actor;
    readonly grantId?: string;
    readonly data: EventData<Each>;
  };
}[T];

/** A stored event, as jobs and messages carry it. */
export const StoredEvent = z
  .object({
    type: z.string(),
    at: z.coerce.date(),
    actor: Actor,
    grantId: z.string().optional(),
    data: z.unknown(),
  })
  .transform((event, context): AuditEvent => {
    const data = isEventType(event.type) ? eventData[event.type].safeParse(event.data) : undefined;
    if (!data?.success) {
      context.addIssue({ code: "custom", message: `not an audit event: ${event.type}` });
      return z.NEVER;
    }
    // The schema of this type has just accepted the data; the compiler loses the pairing.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return { ...event, data: data.data } as AuditEvent;
  });

function isEventType(type: string): type is EventType {
  return Object.hasOwn(eventData, type);
}

/** Whether this is break-glass and not an approval: older versions logged it with the requester as actor and no approvers. */
export function isTaking({ actor, data }: AuditEvent<"request.approved">): boolean {
  return actor.kind === "person" && data.approvers.length === 0;
}
