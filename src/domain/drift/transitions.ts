import type { AuditEvent } from "../audit-event.ts";
import type { CommandOf, Decision } from "../command.ts";
import type { State } from "../state.ts";
import { accept, by, notStatus, onGrant, refuse, whose } from "../grant/transitions.ts";
import type { Grant } from "../grant/grant.ts";
import { tell } from "../request/consequences.ts";
import { accessOfGrant } from "../request/request.ts";

/** Access that was proven gone is there again: revokes it again, until it is proven gone again. */
export function takeBack(state: State, command: CommandOf<"take_back">, now: Date): Decision {
  return onGrant(state, command.grantId, (grant) => {
    if (grant.status !== "revoked") return refuse(notStatus[grant.status]);
    // Access left in place at the end was the person's before the grant; access that was never asked for was never ours.
    if (grant.isStanding === true || !grant.askedAt) return refuse("grant_ended");
    const event: AuditEvent = { type: "grant.reappeared", ...by(grant, now), data: named(state, grant) };
    const { revokedAt: _, lastError: __, ...rest } = grant;
    return accept(
      state,
      // Lateness counts from here, without the time in which it was gone.
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

/** Records that somebody took live access away. Its end is still owed, and revokes whatever has come back by then. */
export function vanish(state: State, command: CommandOf<"vanish">, now: Date): Decision {
  return onGrant(state, command.grantId, (grant) => {
    if (grant.status !== "active") return refuse(notStatus[grant.status]);
    if (grant.vanishedAt) return refuse("repeated");
    const event: AuditEvent = { type: "grant.vanished", ...by(grant, now), data: named(state, grant) };
    // `isStanding` stays: if the person held it before, nothing of it was ours, and what comes back is theirs and stays.
    return accept(
      state,
      { ...grant, vanishedAt: now },
      [event],
      [{ kind: "update_request", dueAt: now }, ...tell(event, now)],
    );
  });
}

/** Records that vanished live access is there again; it is no more than was approved, so there is nothing else to do. */
export function comeBack(state: State, command: CommandOf<"come_back">, now: Date): Decision {
  return onGrant(state, command.grantId, (grant) => {
    if (grant.status !== "active") return refuse(notStatus[grant.status]);
    if (!grant.vanishedAt) return refuse("grant_already_active");
    const event: AuditEvent = { type: "grant.came_back", ...by(grant, now), data: named(state, grant) };
    const { vanishedAt: _, ...rest } = grant;
    return accept(state, rest, [event], [{ kind: "update_request", dueAt: now }]);
  });
}

/** The subject and the access. */
function named(
  { request }: State,
  grant: Grant,
): { readonly provider: string; readonly subject: string; readonly access: string } {
  return { ...whose(grant), access: accessOfGrant(request, grant.id) };
}
