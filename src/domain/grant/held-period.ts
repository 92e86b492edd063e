import type { State } from "../state.ts";

/** When a request gave its requester access; without `until` while any of it is not proven gone. */
export type HeldPeriod = { readonly since: Date; readonly until?: Date };

/**
 * The period in which a request gave access; `undefined` if it gave none: it is not approved, is an extension, or all its grants
 * failed. Approved access that is not there yet counts from its approval, so that nobody is given twice what they may have once.
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
