import type { AuditEvent } from "./audit-event.ts";
import type { CommandOf, Decision } from "./command.ts";
import type { State } from "./state.ts";
import { accept, by, notStatus, onGrant, refuse, whose } from "./grant-transitions.ts";
import type { Grant } from "./grant.ts";
import { tell } from "./request-consequences.ts";

/** What was proven gone is there again: it is taken away again, and proven gone again. */
export function takeBack(state: State, command: CommandOf<"take_back">, now: Date): Decision {
  return onGrant(state, command.grantId, (grant) => {
    if (grant.status !== "revoked") return refuse(notStatus[grant.status]);
    // What was left in place at the end was theirs before, and what was never asked for never was ours.
    if (grant.isStanding === true || !grant.askedAt) return refuse("grant_ended");
    const event: AuditEvent = { type: "grant.reappeared", ...by(grant, now), data: named(state, grant) };
    const { revokedAt: _, lastError: __, ...rest } = grant;
    return accept(
      state,
      // Late is what lasts on from here, and not what was gone in the meantime.
      { ...rest, status: "revoking", endingSince: now, revokeReason: "drift", revokeAttempts: 0 },
      [event],
      [
        { kind: "revoke", grantId: grant.id, dueAt: now },
        { kind: "update_request", dueAt: now },
        { kind: "tell_alerts", dueAt: now, event },
        ...tell(event, now),
      ],
    );
  });
}

/** Somebody took live access away. Its end is owed all the same, and then takes away whatever has come back. */
export function vanish(state: State, command: CommandOf<"vanish">, now: Date): Decision {
  return onGrant(state, command.grantId, (grant) => {
    if (grant.status !== "active") return refuse(notStatus[grant.status]);
    if (grant.vanishedAt) return refuse("repeated");
    const event: AuditEvent = { type: "grant.vanished", ...by(grant, now), data: named(state, grant) };
    // Where it was theirs before, nothing of it was ours: what comes back is theirs again, and stays.
    return accept(
      state,
      { ...grant, vanishedAt: now },
      [event],
      [{ kind: "update_request", dueAt: now }, ...tell(event, now)],
    );
  });
}

/** Live access that had vanished is there again: no more than what was approved, so it is only recorded. */
export function comeBack(state: State, command: CommandOf<"come_back">, now: Date): Decision {
  return onGrant(state, command.grantId, (grant) => {
    if (grant.status !== "active") return refuse(notStatus[grant.status]);
    if (!grant.vanishedAt) return refuse("grant_already_active");
    const event: AuditEvent = { type: "grant.came_back", ...by(grant, now), data: named(state, grant) };
    const { vanishedAt: _, ...rest } = grant;
    return accept(state, rest, [event], [{ kind: "update_request", dueAt: now }]);
  });
}

/** Whose, and which access: in a bundle it is one of several. */
function named(
  { request }: State,
  grant: Grant,
): { readonly provider: string; readonly subject: string; readonly access: string } {
  const planned = request.planned.find(({ grantId }) => grantId === grant.id);
  return { ...whose(grant), access: planned?.access ?? `${request.resource}:${request.role}` };
}
