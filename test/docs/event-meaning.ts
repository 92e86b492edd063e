import type { EventData, EventType } from "../../src/domain/audit-event.ts";

/** Raised when a field goes away or says something else; further types and further optional fields leave it as it is. */
export const eventSchemaVersion = 1;

/** What an event says to whoever audits: docs/audit-events.md is made of these words and of the schemas in `eventData`. */
export type Meaning<T extends EventType> = {
  /** When it is written. */
  readonly when: string;
  /** What stands in each field, where `fieldMeaning` does not say it already. */
  readonly fields: { readonly [Field in Exclude<keyof EventData<T>, CommonField>]: string } & {
    readonly [Field in Extract<keyof EventData<T>, CommonField>]?: string;
  };
};

type CommonField = keyof typeof fieldMeaning;

/** What these fields say in whatever event they stand. */
export const fieldMeaning = {
  access: "the access it gives, as `resource:role`; in a bundle the part's",
  attempted: "what they tried to do, such as `approve`",
  error: "what went wrong, in the provider's or in Slack's words",
  expiresAt: "when the access is to end",
  policyVersion:
    "the policy that said who may decide, where it is another than the one the request was filed under",
  provider: "the provider's name in the policy",
  reviewBy: "until when somebody has to review it",
  reviewers: "who is asked to review it",
  startBy: "until when the requester has to start the access",
  subject: "what the provider calls the person",
  ticket: "the ticket it is for",
  via: "how: `cli`, `slack`, `start`, `signal` or `watch`",
} as const;

const filed = {
  durationSeconds: "for how long the access was asked",
  reason: "why, in the requester's words",
  source: "where it was filed: `slack`, `api` or `cli`",
} as const;

const handedOver = "what was handed over for the requester to see once; never the thing itself";

const drifted = { access: "what they have, as `resource:role`" } as const;

const unknown = {
  access: "each `resource:role` that the policy gives this target",
  people: "whom the policy knows by this name at the provider",
  subject: "the name at the provider of whoever has it",
  target: "what they have, as the provider's entry of a role names it",
} as const;

/** What each type of event means. */
export const eventMeaning: { readonly [T in EventType]: Meaning<T> } = {
  "request.created": { when: "Somebody asked for access, and the policy lets them ask.", fields: filed },
  "request.refused": {
    when: "Somebody asked for access, and the policy refused it at once.",
    fields: { ...filed, why: "why the policy refused it" },
  },
  "approval.given": {
    when: "Somebody approved a request. More approvals may be needed.",
    fields: {
      name: "the approver's name",
      have: "how many approvals this step has now",
      needed: "how many this step needs",
      step: "which step it was, from 1",
      steps: "how many steps there are",
      asks: "who is asked next, where this filled a step and another waits",
    },
  },
  "request.approved": {
    when: "A request has all approvals it needs, or a rule that allows it approved it at once. Access that is taken by break-glass is approved by nobody: `break_glass.used` stands in its place.",
    fields: {
      approvers: "who approved it; empty where a rule did",
      extends: "the request whose access lasts longer by it",
    },
  },
  "extension.failed": {
    when: "It was approved that an access lasts longer, and it could not be made to.",
    fields: { extends: "the request whose access was to last longer", why: "why it could not" },
  },
  "request.already_held": {
    when: "The requester turned out to have what they ask for already, by a right of their own.",
    fields: { access: "what they have, as `resource:role`" },
  },
  "request.flagged": {
    when: "A request is unusual beside the requester's earlier ones. Nothing is decided by that.",
    fields: { flags: "what is unusual, and the figures in words" },
  },
  "approval.flagged": {
    when: "Who approved a request is unusual. Nothing is decided by that.",
    fields: {
      approver: "whose approval it is",
      decision: "its place among the decisions on the request, from 0",
      flags: "what is unusual, and the figures in words",
    },
  },
  "request.denied": {
    when: "Somebody denied a request.",
    fields: { name: "the name of who denied it", reason: "why, in their words" },
  },
  "approval.discounted": {
    when: "An approval stopped counting before the request was decided.",
    fields: {
      approver: "whose approval it is",
      why: "`lockdown`: they are locked down; `offboarded`: they have left; `own`: they turned out to be the requester",
    },
  },
  "request.cancelled": {
    when: "A request was closed before it was decided or its access started: by the requester, or by Hallpass.",
    fields: {
      reason: "why, where it was not the requester who took it back",
      changes:
        "where the policy has changed: each `access` whose grant would be another (`today`) than the request showed (`shown`)",
    },
  },
  "request.expired": {
    when: "Nobody decided a request in time.",
    fields: { respondBy: "until when it could be decided" },
  },
  "request.reminded": {
    when: "A request still waits, and those who may decide it were reminded.",
    fields: { asks: "who was reminded" },
  },
  "request.escalated": {
    when: "A request has waited for long, and more people may decide it now.",
    fields: { asks: "who may decide it too" },
  },
  "request.lapsed": {
    when: "An approved access was not started in time; nothing was granted.",
    fields: {},
  },
  "break_glass.used": {
    when: "Somebody took access at once, without approval, as the policy lets them in an emergency.",
    fields: {},
  },
  "break_glass.reviewed": {
    when: "Somebody reviewed access that was taken without approval.",
    fields: {
      name: "the reviewer's name",
      verdict: "`accept` where they found it justified, `object` where not",
      note: "what they said of it",
    },
  },
  "break_glass.overdue": {
    when: "Access that was taken without approval was not reviewed in time.",
    fields: {},
  },
  "decision.refused": {
    when: "Somebody tried to decide about a request and may not, or came too late. Nothing else changed.",
    fields: { why: "why they may not" },
  },
  "grant.started": {
    when: "A provider is about to be asked to give the access. From here on the person may have it.",
    fields: {
      target: "what the provider is asked for, as its entry in the policy names it",
      input: "what the requester typed because the provider asks for it, by field",
    },
  },
  "grant.active": {
    when: "The provider confirmed that the person has the access.",
    fields: {
      activeAt: "since when they have it",
      system: "which system it is in, by its own id",
      use: "what the person was told to do with it",
      handover: handedOver,
      standing: "true where they had it before, by a right of their own, and keep it",
    },
  },
  "grant.extended": {
    when: "An access lasts longer than it was to.",
    fields: {
      by: "the request by which it lasts longer",
      seconds: "how much longer",
      handover: handedOver,
    },
  },
  "grant.handover_shown": {
    when: "The requester saw what was handed over with the access. It is kept nowhere from here on.",
    fields: { handover: "what it is, never the thing itself" },
  },
  "grant.handed_over": {
    when: "What had been handed over with an access may not work any more, as its provider was asked for the same again.",
    fields: {
      because: "the request for which it was asked",
      handover: `${handedOver}; absent where nothing works`,
    },
  },
  "grant.failed": {
    when: "The access was not given. What may have half happened is taken away.",
    fields: {
      neverAsked: "true where the provider was not asked for it yet, so that nothing can have happened",
    },
  },
  "grant.unsettled": {
    when: "Whether the access is there is not known yet: whoever asked the provider died, and the provider cannot be read, or it is still being made.",
    fields: { pending: "true where it is still being made" },
  },
  "grant.restored": {
    when: "Access was given again that had gone with the end of another request's.",
    fields: { endOf: "the request whose end had taken it away", handover: handedOver },
  },
  "grant.landed_late": {
    when: "The provider confirmed access that had been told to end already. It is taken away again.",
    fields: {},
  },
  "grant.reappeared": {
    when: "Access that was proven gone is there again, and nobody approved that. It is taken away again.",
    fields: drifted,
  },
  "grant.vanished": { when: "Access is gone before its end, and not because of Hallpass.", fields: drifted },
  "grant.came_back": { when: "Access that had vanished is there again before its end.", fields: drifted },
  "drift.found": {
    when: "Somebody has access that nobody gave them here, found by looking at the provider.",
    fields: { ...unknown, outcome: "what is made of it, such as `reported`", why: "why that" },
  },
  "drift.adopted": {
    when: "Access that was found became the person's own: it is known, and stays.",
    fields: unknown,
  },
  "drift.removed": { when: "Access that was found was taken away and is proven gone.", fields: unknown },
  "drift.removal_failed": { when: "Access that was found could not be taken away.", fields: unknown },
  "drift.gone": {
    when: "Access that was found is not there any more, and not because of Hallpass.",
    fields: unknown,
  },
  "grant.revoking": {
    when: "Access was told to end; the provider is asked to take it away.",
    fields: { reason: "why it ends, such as `expired`, `returned` or `lockdown`" },
  },
  "revocation.failed": {
    when: "The provider did not take access away. It is tried again for as long as it takes.",
    fields: {
      attempt: "which attempt it was, from 1",
      retryable: "whether it may work without anybody's help",
    },
  },
  "revocation.overdue": {
    when: "Access should have been gone and is not proven gone. Written once for each step of lateness.",
    fields: {
      since: "since when it should have been gone",
      lateSeconds: "how late it is",
      step: "which step of lateness",
      attempts: "how often it was tried to take it away",
      error: "what the provider said last",
      retryable: "whether it may work without anybody's help",
    },
  },
  "grant.revoked": {
    when: "Access is over.",
    fields: {
      reason: "why it ended, such as `expired`, `returned` or `lockdown`",
      verified: "whether the provider was read back and does not have it any more",
      keptBy: "another request whose live access gives the same, so that it is still there",
      standing: "true where it was left in place, because the person had it before",
      others: "by what the person has the same still, once all that was ours is gone",
      neverAsked: "true where the provider was never asked for it, so that there was nothing to take away",
      outlives: "what they made with it, and that is still there",
      system: "which system it was in, by its own id",
      attempts: "how often it was tried to take it away",
      lateSeconds: "how much later than it should have been, where that is more than a moment",
    },
  },
  "message.failed": {
    when: "A message that had to be told could not be posted.",
    fields: {
      kind: "what it was about",
      channel: "where it was to be posted",
      instead: "where it was posted in its stead",
    },
  },
  "lockdown.begun": {
    when: "Somebody locked a person or a resource down: access ends, and none is given until it is lifted.",
    fields: { kind: "`person` or `resource`", value: "which", reason: "why, in their words" },
  },
  "lockdown.lifted": {
    when: "Somebody lifted a lockdown.",
    fields: { kind: "`person` or `resource`", value: "which" },
  },
  "lockdown.refused": {
    when: "Somebody tried to begin or lift a lockdown and may not.",
    fields: { attempted: "what they tried", why: "why they may not" },
  },
  "policy.loaded": {
    when: "A policy came into force.",
    fields: {
      hash: "SHA-256 of its text",
      before: "SHA-256 of the one in force until then",
    },
  },
  "policy.refused": {
    when: "A policy that has faults was put in place; the one before stays in force.",
    fields: { inForce: "SHA-256 of the policy that stays in force", faults: "what is wrong with it" },
  },
  "audit.exported": {
    when: "Somebody exported the audit, or had a report made of it.",
    fields: { format: "the format", filters: "what was chosen, by the name of each filter" },
  },
  "audit.export_failed": {
    when: "An export of the audit was made and could not be sent; nobody has it.",
    fields: { why: "why it could not" },
  },
  "audit.asked": {
    when: "Somebody asked the audit who could, what somebody did, or about a request.",
    fields: { question: "what they asked" },
  },
  "audit.retained": {
    when: "The oldest events were deleted, and a signed tombstone laid in their place: `hallpass audit retain`.",
    fields: {
      from: "the first place of the chain that went",
      to: "the last place that went",
      before: "what was older was old enough",
      archive: "the file they are kept in; absent where they are kept nowhere",
    },
  },
  "audit.refused": {
    when: "Somebody wanted to read the audit and may not.",
    fields: { why: "why they may not" },
  },
  "person.joined": {
    when: "Two people turned out to be one, as an account of the one shows an address of the other's.",
    fields: {
      person: "the number that stands for both from now on",
      other: "the number that stood for one of them until then",
      address: "the address they share",
      slackId: "the account that shows it",
      requests: "requests of one of them that the other had decided about",
    },
  },
  "person.passed": {
    when: "The address of somebody who has left became another person's.",
    fields: {
      person: "the number of whose it is from now on",
      other: "the number of whose it was",
      address: "the address",
    },
  },
  "person.split": {
    when: "An operator took accounts and addresses from one person and made them another's.",
    fields: {
      person: "the number of whose they were",
      other: "the number of whose they are from now on",
      names: "the accounts and addresses",
    },
  },
  "person.erased": {
    when: "A person's key was destroyed: what the audit says of them cannot be read any more.",
    fields: { person: "the number that stands for them" },
  },
};
