import type { AuditEvent } from "./audit-event.ts";

/** What a transition owes the world. Written with the transition, carried out after it, retried until done. */
export type Effect =
  /** Ask the provider for the access. */
  | { readonly kind: "grant"; readonly grantId: string; readonly dueAt: Date }
  /** Take the access away and read back that it is gone; due at its expiry, or at once when it ends early. */
  | { readonly kind: "revoke"; readonly grantId: string; readonly dueAt: Date }
  /** What was asked for by this request is approved: the access of another one lasts longer. */
  | { readonly kind: "extend_access"; readonly dueAt: Date }
  /** End the access if nobody has used it for as long as its rule says. */
  | { readonly kind: "check_idle"; readonly grantId: string; readonly dueAt: Date }
  /** Tell the requester that their access ends soon, and what they can do. */
  | { readonly kind: "remind_expiry"; readonly grantId: string; readonly dueAt: Date }
  /** Close the request if nobody has decided it by then. */
  | { readonly kind: "expire_request"; readonly dueAt: Date }
  /** Ask again whoever has not decided. */
  | { readonly kind: "remind_request"; readonly dueAt: Date }
  /** Let others decide too, and ask them. */
  | { readonly kind: "escalate_request"; readonly dueAt: Date }
  /** Close the approved request if it has not been started by then. */
  | { readonly kind: "lapse_request"; readonly dueAt: Date }
  /** Say so if nobody has looked at access that was taken at once. */
  | { readonly kind: "check_review"; readonly dueAt: Date }
  /** Find out whether the requester has already what they ask for, for those who judge it. */
  | { readonly kind: "check_held"; readonly dueAt: Date }
  /** Post the approval message. */
  | { readonly kind: "post_request"; readonly dueAt: Date }
  /** Bring the approval message up to date. */
  | { readonly kind: "update_request"; readonly dueAt: Date }
  /** Say what happened in the request's thread. */
  | { readonly kind: "tell_thread"; readonly dueAt: Date; readonly event: AuditEvent }
  /** Say what happened to the requester, by direct message. */
  | { readonly kind: "tell_requester"; readonly dueAt: Date; readonly event: AuditEvent }
  /** Say what happened where somebody can mend it. */
  | { readonly kind: "tell_alerts"; readonly dueAt: Date; readonly event: AuditEvent };

/** Every kind, for whoever goes through them all. */
export const effectKinds = [
  "grant",
  "revoke",
  "extend_access",
  "check_idle",
  "remind_expiry",
  "expire_request",
  "remind_request",
  "escalate_request",
  "lapse_request",
  "check_review",
  "check_held",
  "post_request",
  "update_request",
  "tell_thread",
  "tell_requester",
  "tell_alerts",
] as const satisfies readonly Effect["kind"][];
export type EffectKind = (typeof effectKinds)[number];

export const queueNames = ["grants", "revocations", "messages", "deadlines"] as const;
export type QueueName = (typeof queueNames)[number];

/** The queue an effect's job goes to. */
export const queueOf: Readonly<Record<EffectKind, QueueName>> = {
  grant: "grants",
  revoke: "revocations",
  extend_access: "grants",
  remind_expiry: "messages",
  check_idle: "deadlines",
  expire_request: "deadlines",
  remind_request: "deadlines",
  escalate_request: "deadlines",
  lapse_request: "deadlines",
  check_review: "deadlines",
  check_held: "deadlines",
  post_request: "messages",
  update_request: "messages",
  tell_thread: "messages",
  tell_requester: "messages",
  tell_alerts: "messages",
};

/** Effects of one lane run in order, one at a time; lanes do not hold one another up. */
export function laneOf(effect: Effect, requestId: string): string {
  switch (effect.kind) {
    case "grant":
    case "revoke":
      return `grant-${effect.grantId}`;
    case "check_idle":
      return `idle-${effect.grantId}`;
    case "extend_access":
      return `extension-${requestId}`;
    case "expire_request":
    case "remind_request":
    case "escalate_request":
    case "lapse_request":
    case "check_review":
      return `deadline-${requestId}`;
    case "check_held":
      return `held-${requestId}`;
    case "post_request":
    case "update_request":
    case "tell_thread":
      return `thread-${requestId}`;
    case "tell_requester":
    case "remind_expiry":
      return `requester-${requestId}`;
    case "tell_alerts":
      return `alerts-${requestId}`;
  }
}
