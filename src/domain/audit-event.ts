import { z } from "zod";
import { RequestFlag } from "./anomalies.ts";
import { ApprovalFlag } from "./approval-anomalies.ts";
import { saying } from "./personal-fields.ts";
import { discountReasons } from "./request.ts";

/** Who did it: a person, the policy (an `allow` rule), or Hallpass itself (a deadline, an outcome). */
export const Actor = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("person"),
    /** Our number for them; absent for an account that may do nothing here. */
    id: z.number().int().optional(),
    email: z.string().optional(),
    slackId: z.string().optional(),
  }),
  z.object({ kind: z.literal("policy") }),
  z.object({ kind: z.literal("hallpass") }),
]);
export type Actor = Readonly<z.infer<typeof Actor>>;

const seconds = z.number().int().nonnegative();
const instant = z.iso.datetime();

const { plain, value, name, subject, text } = saying;

/** The policy's version that said who may decide, where it is another than when the request was filed. */
const judgedUnder = plain.optional();

/** What was handed over for the requester to see once, in the provider's words; never the thing itself. */
const handover = text.optional();

const driftOfGrant = z.object({ provider: plain, subject, access: plain });

/** What an approval would grant by another policy, or to another name, than it showed; each side in words. */
export const GrantChange = z.object({ access: plain, shown: text, today: text });
export type GrantChange = Readonly<z.infer<typeof GrantChange>>;

/** `access`: each `resource:role` that stands for the target; `people`: whom the policy knows by this name. */
const unknownAccess = {
  provider: plain,
  // Whose name it is may be known, and is no requester's.
  subject: text,
  target: saying.anything,
  access: z.array(plain),
  people: z.array(saying.concerned),
};

/** What each kind of event tells beyond who, when and which request. Past tense; times are ISO 8601 in UTC. */
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
  /** `asks`: who is asked next, where a step was filled and another waits. */
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
   * `startBy`: until when the requester has to start the access; `extends`: the request whose access lasts longer. Logs of
   * older versions have it, by the requester and without approvers, after `break_glass.used` too: see `isTaking`.
   */
  "request.approved": z.object({
    approvers: z.array(value),
    startBy: instant.optional(),
    extends: plain.optional(),
  }),
  /** It was approved that the access lasts longer, and it cannot any more. */
  "extension.failed": z.object({ extends: plain, why: plain }),
  /** The requester has this already, by a right of their own that stays when what they ask for ends. */
  "request.already_held": z.object({ access: z.array(plain) }),
  /** It is unusual beside the requester's earlier ones; nothing is decided by that. */
  "request.flagged": z.object({ flags: z.array(RequestFlag) }),
  /** Who approved it is unusual; nothing is decided by that. `decision`: their place among the request's decisions, from 0. */
  "approval.flagged": z.object({
    approver: value,
    decision: z.number().int(),
    flags: z.array(ApprovalFlag),
  }),
  /** An approval does not count any more; `why`: see `discountReasons`. */
  "approval.discounted": z.object({ approver: value, why: z.enum(discountReasons) }),
  "request.denied": z.object({ name, reason: text, policyVersion: judgedUnder }),
  /** `reason`: where it was not the requester who took it back; `changes`: what would be granted now, and was shown. */
  "request.cancelled": z.object({ reason: plain.optional(), changes: z.array(GrantChange).optional() }),
  "request.expired": z.object({ respondBy: instant }),
  /** Nobody has answered yet; `asks`: who is reminded. */
  "request.reminded": z.object({ asks: z.array(value) }),
  /** Nobody has answered for long; `asks`: who may decide now too. */
  "request.escalated": z.object({ asks: z.array(value) }),
  /** Approved, and not started in time. */
  "request.lapsed": z.object({ startBy: instant }),
  /** The requester took the access at once; `reviewBy`: until when somebody has to look at it. */
  "break_glass.used": z.object({ reviewers: z.array(value), reviewBy: instant }),
  "break_glass.reviewed": z.object({
    name,
    verdict: z.enum(["accept", "object"]),
    note: text,
  }),
  "break_glass.overdue": z.object({ reviewers: z.array(value), reviewBy: instant }),
  /** Somebody tried to decide and may not, or came too late. Nothing else changed. */
  "decision.refused": z.object({ attempted: plain, why: plain }),
  /** `access`: the `resource:role` it gives; in a bundle not the one that was asked for. */
  "grant.started": z.object({
    provider: plain,
    subject,
    target: saying.anything,
    access: plain.optional(),
    /** What the requester typed because the provider asks for it, by field. */
    input: z.record(plain, text).optional(),
  }),
  "grant.active": z.object({
    provider: plain,
    subject,
    activeAt: instant,
    expiresAt: instant,
    /** Which system it is in, by its own id. */
    system: plain.optional(),
    /** What the person was told to do with it. */
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
  /** Whoever asked has seen what was handed over, and nobody can see it again. */
  "grant.handover_shown": z.object({ provider: plain, subject, handover: text }),
  /** What was handed over before does not work any more; `because`: of which request. Without `handover` nothing is in its place. */
  "grant.handed_over": z.object({ provider: plain, subject, because: plain, handover }),
  "grant.failed": z.object({
    provider: plain,
    subject,
    error: text,
    /** It failed before the provider was asked for it: nothing of it can have happened. */
    neverAsked: z.boolean().optional(),
  }),
  /** Whether the access exists is not known yet: it is still being made (`pending`), or whoever asked died and the provider cannot be read. */
  "grant.unsettled": z.object({ provider: plain, subject, error: text, pending: z.boolean().optional() }),
  /** `endOf`: the request whose end had taken away what this grant gives too; it was given again. */
  "grant.restored": z.object({ provider: plain, subject, endOf: plain, handover }),
  /** The provider confirmed a grant that had already been told to end; it is taken away again. */
  "grant.landed_late": z.object({ provider: plain, subject }),
  /** It had ended and was proven gone, and is there again; it is taken away again. */
  "grant.reappeared": driftOfGrant,
  /** Somebody took it away before its end. */
  "grant.vanished": driftOfGrant,
  /** What had vanished is there again before its end. */
  "grant.came_back": driftOfGrant,
  /** Somebody has what nobody gave them here. `outcome`: what is made of it. */
  "drift.found": z.object({ ...unknownAccess, outcome: plain, why: plain.optional() }),
  "drift.adopted": z.object(unknownAccess),
  /** Taken away, and read back that it is gone. */
  "drift.removed": z.object(unknownAccess),
  "drift.removal_failed": z.object({ ...unknownAccess, error: text }),
  /** It is not there any more, by nobody's doing here. */
  "drift.gone": z.object(unknownAccess),
  "grant.revoking": z.object({ provider: plain, subject, reason: plain }),
  "revocation.failed": z.object({
    provider: plain,
    subject,
    error: text,
    attempt: z.number().int(),
    retryable: z.boolean(),
  }),
  /** It should have been gone `since` and is not proven gone; once a step, said by whoever watches those who revoke. */
  "revocation.overdue": z.object({
    access: plain,
    provider: plain,
    subject,
    since: instant,
    lateSeconds: seconds,
    step: z.number().int(),
    /** What came of trying to take it away, and what the provider said last; absent where nothing has tried yet. */
    attempts: z.number().int(),
    error: text.optional(),
    retryable: z.boolean().optional(),
  }),
  /** `verified`: read back from the provider that the access is gone. Not so where it was left, or was never asked for. */
  "grant.revoked": z.object({
    provider: plain,
    subject,
    reason: plain,
    verified: z.boolean(),
    keptBy: plain.optional(),
    /** Left in place: the person held it before it was granted. */
    standing: z.boolean().optional(),
    /** What was ours is gone; by this they have the same still. */
    others: text.optional(),
    /** The provider was never asked for it, so there was nothing to take away. */
    neverAsked: z.boolean().optional(),
    /** What they made with it and that outlives it. */
    outlives: text.optional(),
    system: plain.optional(),
    attempts: z.number().int(),
    /** How much later than it should have been, where that is more than a moment. */
    lateSeconds: seconds.optional(),
  }),
  /** `instead`: where it was posted in its stead. */
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
  /** It was to come as a file in Slack, and could not be sent. */
  "audit.export_failed": z.object({ why: plain }),
  /** Somebody asked who could, or what a person did. */
  "audit.asked": z.object({ question: text, via: plain }),
  /** The beginning of the chain was old enough to go: places, both included, and the file they are kept in. */
  "audit.retained": z.object({
    from: z.number().int(),
    to: z.number().int(),
    before: instant,
    archive: plain.optional(),
    via: plain,
  }),
  "audit.refused": z.object({ attempted: text, why: plain }),
  /** Two people turned out to be one, as an account of the one shows an address of the other's; `requests`: decided by one about the other. */
  "person.joined": z.object({
    person: z.number().int(),
    other: z.number().int(),
    address: saying.concerned,
    slackId: plain.optional(),
    requests: z.array(plain),
    via: plain,
  }),
  /** The address of somebody who has left is another person's from now on. */
  "person.passed": z.object({
    person: z.number().int(),
    other: z.number().int(),
    address: saying.concerned,
  }),
  /** An operator took accounts and addresses from one person and made them another's. */
  "person.split": z.object({
    person: z.number().int(),
    other: z.number().int(),
    names: z.array(value),
    via: plain,
  }),
  /** A person's key is destroyed: what the audit says of them cannot be read any more. */
  "person.erased": z.object({ person: z.number().int() }),
} as const;

export type EventType = keyof typeof eventData;
export type EventData<T extends EventType> = Readonly<z.infer<(typeof eventData)[T]>>;

/** One line of the audit, before it has its place in the log. */
export type AuditEvent = {
  [T in EventType]: {
    readonly type: T;
    readonly at: Date;
    readonly actor: Actor;
    readonly grantId?: string;
    readonly data: EventData<T>;
  };
}[EventType];

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
    // The schema of this very type has just accepted the data; the compiler loses the pairing.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return { ...event, data: data.data } as AuditEvent;
  });

function isEventType(type: string): type is EventType {
  return Object.hasOwn(eventData, type);
}

/** Whether it is no approval at all: the requester took the access by break-glass, and an older version logged it so. */
export function isTaking({ actor, data }: Extract<AuditEvent, { type: "request.approved" }>): boolean {
  return actor.kind === "person" && data.approvers.length === 0;
}
