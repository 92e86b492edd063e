import type { State } from "./state.ts";

/** From when until when a request gave its requester access; without an end while any of it is not proven gone. */
export type HeldPeriod = { readonly since: Date; readonly until?: Date };

/**
 * `undefined` for what gave none: it is not approved, asks only that other access lasts longer, or all of it failed. What was
 * approved and is not there yet counts from its approval, so that nobody is given twice what they may have once.
 */
export function heldPeriod({ request, grants }: State): HeldPeriod | undefined {
  const { status, createdAt, closedAt = createdAt, terms } = request;
  if (status !== "approved" || terms.extends) return undefined;
  if (grants.length === 0) return { since: closedAt };
  const held = grants.filter((grant) => grant.status !== "revoked" || grant.revokeReason !== "failed");
  if (held.length === 0) return undefined;
  const begun = held.flatMap(({ activeAt }) => activeAt ?? []);
  const since = begun.length === 0 ? closedAt : new Date(Math.min(...begun.map(Number)));
  if (held.some(({ status: each }) => each !== "revoked")) return { since };
  const ended = held.flatMap(({ revokedAt }) => revokedAt ?? []);
  return ended.length === 0 ? { since } : { since, until: new Date(Math.max(...ended.map(Number))) };
}
