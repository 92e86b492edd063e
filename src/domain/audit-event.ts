import { z } from "zod";

/** Who did it: a person, the policy (an `allow` rule), or Hallpass itself (a deadline, an outcome). */
export const Actor = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("person"), email: z.string().optional(), slackId: z.string().optional() }),
  z.object({ kind: z.literal("policy") }),
  z.object({ kind: z.literal("hallpass") }),
]);
export type Actor = Readonly<z.infer<typeof Actor>>;

const seconds = z.number().int().nonnegative();
const instant = z.iso.datetime();

/** The policy's version that said who may decide, where it is another than when the request was filed. */
const judgedUnder = z.string().optional();

const driftOfGrant = z.object({ provider: z.string(), subject: z.string(), access: z.string() });

/** `access`: each `resource:role` that stands for the target; `people`: whom the policy knows by this name. */
const unknownAccess = {
  provider: z.string(),
  subject: z.string(),
  target: z.unknown(),
  access: z.array(z.string()),
  people: z.array(z.string()),
};

/** What each kind of event tells beyond who, when and which request. Past tense; times are ISO 8601 in UTC. */
export const eventData = {
  "request.created": z.object({
    durationSeconds: seconds,
    reason: z.string(),
    ticket: z.string().optional(),
    source: z.string(),
  }),
  "request.refused": z.object({
    durationSeconds: seconds,
    reason: z.string(),
    ticket: z.string().optional(),
    source: z.string(),
    why: z.string(),
  }),
  /** `asks`: who is asked next, where a step was filled and another waits. */
  "approval.given": z.object({
    name: z.string(),
    have: z.number().int(),
    needed: z.number().int(),
    step: z.number().int().optional(),
    steps: z.number().int().optional(),
    asks: z.array(z.string()).optional(),
    policyVersion: judgedUnder,
  }),
  /** `startBy`: until when the requester has to start the access; `extends`: the request whose access lasts longer. */
  "request.approved": z.object({
    approvers: z.array(z.string()),
    startBy: instant.optional(),
    extends: z.string().optional(),
  }),
  /** It was approved that the access lasts longer, and it cannot any more. */
  "extension.failed": z.object({ extends: z.string(), why: z.string() }),
  /** The requester has this already, by a right of their own that stays when what they ask for ends. */
  "request.already_held": z.object({ access: z.array(z.string()) }),
  "request.denied": z.object({ name: z.string(), reason: z.string(), policyVersion: judgedUnder }),
  /** `reason`: where it was not the requester who took it back. */
  "request.cancelled": z.object({ reason: z.string().optional() }),
  "request.expired": z.object({ respondBy: instant }),
  /** Nobody has answered yet; `asks`: who is reminded. */
  "request.reminded": z.object({ asks: z.array(z.string()) }),
  /** Nobody has answered for long; `asks`: who may decide now too. */
  "request.escalated": z.object({ asks: z.array(z.string()) }),
  /** Approved, and not started in time. */
  "request.lapsed": z.object({ startBy: instant }),
  /** The requester took the access at once; `reviewBy`: until when somebody has to look at it. */
  "break_glass.used": z.object({ reviewers: z.array(z.string()), reviewBy: instant }),
  "break_glass.reviewed": z.object({
    name: z.string(),
    verdict: z.enum(["accept", "object"]),
    note: z.string(),
  }),
  "break_glass.overdue": z.object({ reviewers: z.array(z.string()), reviewBy: instant }),
  /** Somebody tried to decide and may not, or came too late. Nothing else changed. */
  "decision.refused": z.object({ attempted: z.string(), why: z.string() }),
  "grant.started": z.object({ provider: z.string(), subject: z.string(), target: z.unknown() }),
  "grant.active": z.object({
    provider: z.string(),
    subject: z.string(),
    activeAt: instant,
    expiresAt: instant,
    /** The person held it before, and keeps it. */
    standing: z.boolean().optional(),
  }),
  /** `by`: the request that asked for it. */
  "grant.extended": z.object({
    provider: z.string(),
    subject: z.string(),
    by: z.string(),
    seconds,
    expiresAt: instant,
  }),
  "grant.failed": z.object({ provider: z.string(), subject: z.string(), error: z.string() }),
  /** Whoever asked for it died, and the provider cannot be read: whether the access exists is not known yet. */
  "grant.unsettled": z.object({ provider: z.string(), subject: z.string(), error: z.string() }),
  /** `endOf`: the request whose end had taken away what this grant gives too; it was given again. */
  "grant.restored": z.object({ provider: z.string(), subject: z.string(), endOf: z.string() }),
  /** The provider confirmed a grant that had already been told to end; it is taken away again. */
  "grant.landed_late": z.object({ provider: z.string(), subject: z.string() }),
  /** It had ended and was proven gone, and is there again; it is taken away again. */
  "grant.reappeared": driftOfGrant,
  /** Somebody took it away before its end. */
  "grant.vanished": driftOfGrant,
  /** What had vanished is there again before its end. */
  "grant.came_back": driftOfGrant,
  /** Somebody has what nobody gave them here. `outcome`: what is made of it. */
  "drift.found": z.object({ ...unknownAccess, outcome: z.string(), why: z.string().optional() }),
  "drift.adopted": z.object(unknownAccess),
  /** Taken away, and read back that it is gone. */
  "drift.removed": z.object(unknownAccess),
  "drift.removal_failed": z.object({ ...unknownAccess, error: z.string() }),
  /** It is not there any more, by nobody's doing here. */
  "drift.gone": z.object(unknownAccess),
  "grant.revoking": z.object({ provider: z.string(), subject: z.string(), reason: z.string() }),
  "revocation.failed": z.object({
    provider: z.string(),
    subject: z.string(),
    error: z.string(),
    attempt: z.number().int(),
    retryable: z.boolean(),
  }),
  /** It should have been gone `since` and is not proven gone; once a step, said by whoever watches those who revoke. */
  "revocation.overdue": z.object({
    access: z.string(),
    provider: z.string(),
    subject: z.string(),
    since: instant,
    lateSeconds: seconds,
    step: z.number().int(),
    /** What came of trying to take it away, and what the provider said last; absent where nothing has tried yet. */
    attempts: z.number().int(),
    error: z.string().optional(),
    retryable: z.boolean().optional(),
  }),
  /** `verified`: read back from the provider that the access is gone. Not so when another live grant keeps it. */
  "grant.revoked": z.object({
    provider: z.string(),
    subject: z.string(),
    reason: z.string(),
    verified: z.boolean(),
    keptBy: z.string().optional(),
    /** Left in place: the person held it before it was granted. */
    standing: z.boolean().optional(),
    attempts: z.number().int(),
    /** How much later than it should have been, where that is more than a moment. */
    lateSeconds: seconds.optional(),
  }),
  /** `instead`: where it was posted in its stead. */
  "message.failed": z.object({
    kind: z.string(),
    channel: z.string().optional(),
    error: z.string(),
    instead: z.string().optional(),
  }),
  "lockdown.begun": z.object({ kind: z.string(), value: z.string(), reason: z.string() }),
  "lockdown.lifted": z.object({ kind: z.string(), value: z.string() }),
  "lockdown.refused": z.object({ attempted: z.string(), why: z.string() }),
  /** `before`: what was in force until then. */
  "policy.loaded": z.object({ hash: z.string(), before: z.string().optional(), via: z.string() }),
  "policy.refused": z.object({ inForce: z.string(), via: z.string(), faults: z.array(z.string()) }),
  "audit.exported": z.object({
    format: z.string(),
    filters: z.record(z.string(), z.string()),
    via: z.string(),
  }),
  "audit.refused": z.object({ attempted: z.string(), why: z.string() }),
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
