import { z } from "zod";
import { StoredEvent } from "./audit-event.ts";
import type { AccessRequest } from "./request/request.ts";
import { surfaceOf } from "./surface.ts";

export const queueNames = ["grants", "revocations", "messages", "deadlines"] as const;
export type QueueName = (typeof queueNames)[number];

/** What names an effect's lane; effects of one lane run in order, one at a time. `surface`: of a message, where it is said. */
type Ids = { readonly requestId: string; readonly grantId?: string; readonly surface?: string };
type Lane = (ids: Ids) => string;
/** The chat surface that a message of a request is said on. */
type SaidOn = (request: Addressed) => string;
type Addressed = Pick<AccessRequest, "terms" | "requester">;

const perGrant =
  (name: string): Lane =>
  ({ grantId }) => {
    if (grantId === undefined) throw new Error(`an effect of the lane ${name} names its grant`);
    return `${name}-${grantId}`;
  };
const perRequest =
  (name: string): Lane =>
  ({ requestId }) =>
    `${name}-${requestId}`;

/** Messages of different surfaces do not wait for one another. */
const perSurface =
  (name: string): Lane =>
  ({ requestId, surface }) => {
    if (surface === undefined) throw new Error(`an effect of the lane ${name} names its surface`);
    return `${surface}-${name}-${requestId}`;
  };

const onChannel: SaidOn = ({ terms }) => surfaceOf(terms.channel);
const onAlerts: SaidOn = ({ terms }) => surfaceOf(terms.alerts);
const onRequester: SaidOn = ({ requester }) => surfaceOf(requester.account ?? "");

const ofGrant = { grantId: z.string() };
const ofRequest = {};
const ofEvent = { event: StoredEvent };

/**
 * The outbox: what a transition owes is written with it, carried out after it, and retried until done. Each kind has the queue its
 * job goes to, its lane, and its fields besides the due time; of a message, also the surface it is said on. The handlers are put together in assembly/work.ts.
 */
export const effectDefinitions = {
  /** Ask the provider for the access. */
  grant: { queue: "grants", lane: perGrant("grant"), fields: ofGrant },
  /** Take the access away and read back that it is gone; due at its expiry, or at once when it ends early. */
  revoke: { queue: "revocations", lane: perGrant("grant"), fields: ofGrant },
  /** Extend the access of another request, now that this request for it is approved. */
  extend_access: { queue: "grants", lane: perRequest("extension"), fields: ofRequest },
  /** End the access if nobody has used it for as long as its rule says. */
  check_idle: { queue: "deadlines", lane: perGrant("idle"), fields: ofGrant },
  /** Tell the requester that their access ends soon, and what they can do. */
  remind_expiry: { queue: "messages", lane: perSurface("requester"), saidOn: onRequester, fields: ofGrant },
  /** Close the request if nobody has decided it by then. */
  expire_request: { queue: "deadlines", lane: perRequest("deadline"), fields: ofRequest },
  /** Remind those who have not decided. */
  remind_request: { queue: "deadlines", lane: perRequest("deadline"), fields: ofRequest },
  /** Let others decide too, and ask them. */
  escalate_request: { queue: "deadlines", lane: perRequest("deadline"), fields: ofRequest },
  /** Close the approved request if it has not been started by then. */
  lapse_request: { queue: "deadlines", lane: perRequest("deadline"), fields: ofRequest },
  /** Send an alert if nobody has reviewed break-glass access. */
  check_review: { queue: "deadlines", lane: perRequest("deadline"), fields: ofRequest },
  /** Find out whether the requester already has what they ask for, for those who decide. */
  check_held: { queue: "deadlines", lane: perRequest("held"), fields: ofRequest },
  /** Post the approval message. */
  post_request: { queue: "messages", lane: perSurface("thread"), saidOn: onChannel, fields: ofRequest },
  /** Bring the approval message up to date. */
  update_request: { queue: "messages", lane: perSurface("thread"), saidOn: onChannel, fields: ofRequest },
  /** Say what happened in the request's thread. */
  tell_thread: { queue: "messages", lane: perSurface("thread"), saidOn: onChannel, fields: ofEvent },
  /** Say what happened to the requester, by direct message. */
  tell_requester: { queue: "messages", lane: perSurface("requester"), saidOn: onRequester, fields: ofEvent },
  /** Say what happened in the alerts channel, where somebody can fix it. */
  tell_alerts: { queue: "messages", lane: perSurface("alerts"), saidOn: onAlerts, fields: ofEvent },
} as const satisfies Readonly<
  Record<
    string,
    {
      readonly queue: QueueName;
      readonly lane: Lane;
      readonly saidOn?: SaidOn;
      readonly fields: z.ZodRawShape;
    }
  >
>;

type Definitions = typeof effectDefinitions;
export type EffectKind = keyof Definitions;
/** The kinds that are messages. */
export type MessageKind = {
  [K in EffectKind]: Definitions[K] extends { readonly saidOn: SaidOn } ? K : never;
}[EffectKind];

/** Every effect kind, for iterating. */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- An object made here has no other keys.
export const effectKinds = Object.keys(effectDefinitions) as readonly EffectKind[];

/** The fields of an effect kind, by its definition. */
export type EffectFields<K extends EffectKind> = {
  readonly [F in keyof Definitions[K]["fields"]]: z.output<Definitions[K]["fields"][F]>;
};

export type Effect = {
  readonly [K in EffectKind]: { readonly kind: K; readonly dueAt: Date } & EffectFields<K>;
}[EffectKind];

/** The surface that an effect of a request is said on, and its lane. */
export function placeOf(
  effect: Effect,
  request: Addressed & { readonly id: string },
): { readonly surface?: string; readonly lane: string } {
  const definition: { readonly lane: Lane; readonly saidOn?: SaidOn } = effectDefinitions[effect.kind];
  const surface = definition.saidOn && { surface: definition.saidOn(request) };
  const lane = definition.lane({
    requestId: request.id,
    ...("grantId" in effect && { grantId: effect.grantId }),
    ...surface,
  });
  return { lane, ...surface };
}
