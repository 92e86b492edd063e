import type { Actor, AuditEvent } from "../audit-event.ts";
import type { CommandOf, Decision } from "../command.ts";
import type { State } from "../state.ts";
import type { Effect } from "../effect.ts";
import { expiryReminders } from "../request/extension.ts";
import { type Grant, type GrantStatus, handedOver } from "./grant.ts";
import { overdueAfterSeconds } from "./overdue.ts";
import { isSamePerson } from "../person.ts";
import type { Refusal } from "../refusal.ts";
import { actorOf, later, tell } from "../request/consequences.ts";

/** The command does not apply, and nothing changes. */
export const refuse = (refusal: Refusal): Decision => ({ accepted: false, refusal });

/** The provider confirmed the access. */
export function grantSucceeded(state: State, command: CommandOf<"grant_succeeded">, now: Date): Decision {
  return onGrant(state, command.grantId, (grant) => {
    switch (grant.status) {
      case "granting": {
        const activeAt = command.startedAt;
        const expiresAt = later(activeAt, grant.durationSeconds);
        const event: AuditEvent = {
          type: "grant.active",
          ...by(grant, now),
          data: {
            ...whose(grant),
            activeAt: activeAt.toISOString(),
            expiresAt: expiresAt.toISOString(),
            ...(grant.ids ? { system: grant.ids.system } : {}),
            ...(command.use === undefined ? {} : { use: command.use }),
            ...handedOver(command.handover),
            ...(grant.isStanding === true ? { standing: true } : {}),
          },
        };
        return accept(
          state,
          {
            ...withoutError(grant),
            status: "active",
            activeAt,
            expiresAt,
            state: command.state,
            ...(command.handover && { handover: command.handover }),
          },
          [event],
          [
            { kind: "revoke", grantId: grant.id, dueAt: expiresAt },
            { kind: "update_request", dueAt: now },
            ...tell(event, now),
            ...expiryReminders(state, { ...grant, expiresAt }, now),
            ...idleCheck(state, grant, activeAt),
          ],
        );
      }
      case "active":
        return refuse("grant_already_active");
      case "revoking":
      case "revoked": {
        // The grant was told to end while the provider was still being asked: the access may exist again, so it is revoked again.
        const event: AuditEvent = { type: "grant.landed_late", ...by(grant, now), data: whose(grant) };
        return accept(
          state,
          withoutEnd({
            ...(grant.status === "revoking" ? grant : anotherEnd(grant, now)),
            status: "revoking",
            state: command.state,
          }),
          [event],
          [{ kind: "revoke", grantId: grant.id, dueAt: now }],
        );
      }
    }
  });
}

/** The provider did not grant the access; whatever may have been done in part is revoked. */
export function grantFailed(state: State, command: CommandOf<"grant_failed">, now: Date): Decision {
  return onGrant(state, command.grantId, (grant) => {
    if (grant.status !== "granting") return refuse(notStatus[grant.status]);
    const event: AuditEvent = {
      type: "grant.failed",
      ...by(grant, now),
      data: {
        ...whose(grant),
        error: command.error,
        ...(grant.askedAt ? {} : { neverAsked: true }),
      },
    };
    return accept(
      state,
      {
        ...grant,
        status: "revoking",
        endingSince: now,
        revokeReason: "failed",
        lastError: command.error,
      },
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

function idleCheck({ request }: State, grant: Grant, activeAt: Date): readonly Effect[] {
  const { revokeOnIdleSeconds: seconds } = request.terms;
  return seconds === undefined
    ? []
    : [{ kind: "check_idle", grantId: grant.id, dueAt: later(activeAt, idleLookSeconds(seconds)) }];
}

/** Seconds between two checks for use; use between two checks may not be seen. */
export function idleLookSeconds(idleSeconds: number): number {
  return Math.min(idleSeconds / 2, 60);
}

/** Begins to end the access, at its expiry or earlier. */
export function revoke(state: State, command: CommandOf<"revoke">, now: Date): Decision {
  return onGrant(state, command.grantId, (grant) => {
    if (grant.status === "revoking" || grant.status === "revoked") return refuse(notStatus[grant.status]);
    if (command.reason === "expired" && (!grant.expiresAt || now < grant.expiresAt))
      return refuse("too_early");
    if (command.reason === "returned" && !(command.by && isSamePerson(state.request.requester, command.by)))
      return refuse("not_requester");
    const event: AuditEvent = {
      type: "grant.revoking",
      ...by(grant, now),
      actor: command.by ? actorOf(command.by) : { kind: "hallpass" },
      data: { ...whose(grant), reason: command.reason },
    };
    // At its expiry the revoke effect that carries this command is already running; an early end needs an effect of its own.
    const effects: readonly Effect[] =
      command.reason === "expired" ? [] : [{ kind: "revoke", grantId: grant.id, dueAt: now }];
    const endingSince = grant.expiresAt && grant.expiresAt < now ? grant.expiresAt : now;
    return accept(
      state,
      { ...grant, status: "revoking", endingSince, revokeReason: command.reason },
      [event],
      effects,
    );
  });
}

/** Ends the grant: reading back showed that the access is gone, or another live grant keeps it. */
export function revokeSucceeded(state: State, command: CommandOf<"revoke_succeeded">, now: Date): Decision {
  return onGrant(state, command.grantId, (grant) => {
    if (grant.status !== "revoking") return refuse(notStatus[grant.status]);
    const attempts = grant.revokeAttempts + 1;
    const lateSeconds = lateness(grant, now);
    const event: AuditEvent = {
      type: "grant.revoked",
      ...by(grant, now),
      data: {
        ...whose(grant),
        reason: grant.revokeReason ?? "expired",
        attempts,
        ...ended(grant, command),
        ...(command.outlives === undefined ? {} : { outlives: command.outlives }),
        ...(lateSeconds === undefined ? {} : { lateSeconds }),
      },
    };
    const wasSaid = attempts > 1 || lateSeconds !== undefined || grant.revokeReason === "drift";
    // If it failed before the provider was asked, that message has said that there is nothing to take away.
    const isSaid = !grant.askedAt && grant.revokeReason === "failed";
    const told: readonly Effect[] = wasSaid ? [{ kind: "tell_alerts", dueAt: now, event }] : [];
    return accept(
      state,
      {
        ...grant,
        status: "revoked",
        revokedAt: now,
        revokeAttempts: attempts,
        ...(command.others && command.others.length > 0 ? { isLeft: true } : {}),
      },
      [event],
      [{ kind: "update_request", dueAt: now }, ...told, ...(isSaid ? [] : tell(event, now))],
    );
  });
}

/** Whether the access is proven gone; if not, why there is nothing left to take away. */
function ended(
  { askedAt, ids }: Grant,
  { keptBy, others = [], isStanding }: CommandOf<"revoke_succeeded">,
): {
  readonly verified: boolean;
  readonly keptBy?: string;
  readonly standing?: true;
  readonly others?: string;
  readonly neverAsked?: true;
  readonly system?: string;
} {
  if (askedAt === undefined) return { verified: false, neverAsked: true };
  const where = ids ? { system: ids.system } : {};
  if (keptBy !== undefined) return { verified: false, keptBy, ...where };
  const isHeld = isStanding === true || others.length > 0;
  return {
    verified: !isHeld,
    ...(isStanding === true ? { standing: true } : {}),
    ...(others.length > 0 ? { others: others.join("; ") } : {}),
    ...where,
  };
}

/** The provider could not revoke the access, or still shows it. It stays owed: the failed effect is retried. */
export function revokeFailed(state: State, command: CommandOf<"revoke_failed">, now: Date): Decision {
  return onGrant(state, command.grantId, (grant) => {
    if (grant.status !== "revoking") return refuse(notStatus[grant.status]);
    const attempt = grant.revokeAttempts + 1;
    const event: AuditEvent = {
      type: "revocation.failed",
      ...by(grant, now),
      data: { ...whose(grant), error: command.error, attempt, retryable: command.retryable },
    };
    return accept(
      state,
      { ...grant, revokeAttempts: attempt, lastError: command.error },
      [event],
      // Repeated failures are reported by the watchdog.
      attempt === 1
        ? [
            { kind: "tell_thread", dueAt: now, event },
            { kind: "tell_alerts", dueAt: now, event },
          ]
        : [],
    );
  });
}

/** Why a grant in this status cannot do what was asked of it. */
export const notStatus: Readonly<Record<GrantStatus, Refusal>> = {
  granting: "grant_not_started",
  active: "grant_already_active",
  revoking: "grant_ending",
  revoked: "grant_ended",
};

/** Seconds it is overdue this time; `undefined` if it ended in time. */
function lateness({ endingSince }: Grant, now: Date): number | undefined {
  const seconds = endingSince ? Math.floor((now.getTime() - endingSince.getTime()) / 1000) : 0;
  return seconds >= overdueAfterSeconds ? seconds : undefined;
}

/** Decides about one grant of a request. */
export function onGrant(state: State, grantId: string, decideGrant: (grant: Grant) => Decision): Decision {
  const grant = state.grants.find(({ id }) => id === grantId);
  return grant ? decideGrant(grant) : refuse("no_such_grant");
}

/** The part every event of a grant shares. */
export function by(
  grant: Grant,
  at: Date,
): { readonly at: Date; readonly actor: Actor; readonly grantId: string } {
  return { at, actor: { kind: "hallpass" }, grantId: grant.id };
}

/** Whose access an event of a grant is about. */
export function whose({ provider, subject }: Grant): { readonly provider: string; readonly subject: string } {
  return { provider, subject };
}

/** Accepts a change of one grant. Its handover is dropped unless the access is active. */
export function accept(
  state: State,
  changed: Grant,
  events: readonly AuditEvent[],
  effects: readonly Effect[],
): Decision {
  const { handover, ...rest } = changed;
  const grant = changed.status === "active" && handover ? { ...rest, handover } : rest;
  const grants = state.grants.map((other) => (other.id === grant.id ? grant : other));
  return { accepted: true, next: { ...state, grants }, events, effects };
}

function withoutError(grant: Grant): Grant {
  const { lastError: _, ...rest } = grant;
  return rest;
}

/** It was proven gone before: lateness and failed attempts count from here. */
function anotherEnd(grant: Grant, now: Date): Grant {
  return { ...withoutError(grant), endingSince: now, revokeAttempts: 0 };
}

function withoutEnd(grant: Grant): Grant {
  const { revokedAt: _, ...rest } = grant;
  return { ...rest, revokeReason: grant.revokeReason ?? "drift" };
}
