import type { AuditEvent, EventData } from "../audit-event.ts";
import type { State } from "../state.ts";
import { accessOfGrant, requestName } from "../request/request.ts";

/** Access that is not proven gone this long after it should have ended is overdue. */
export const overdueAfterSeconds = 60;

/** Lateness at which overdue access is reported again, in seconds: after 1, 5, 15 and 60 minutes, then every four hours. */
const stepSeconds = [overdueAfterSeconds, 300, 900, 3_600] as const;
const furtherStepSeconds = 4 * 3_600;

/** The step of lateness: 0 while access is not overdue, then 1, 2, 3 ... as it gets later. */
export function overdueStep(lateSeconds: number): number {
  const first = stepSeconds.filter((seconds) => lateSeconds >= seconds).length;
  return first + Math.floor(lateSeconds / furtherStepSeconds);
}

/** The provider's answer to the last attempt to revoke. */
export type LastFailure = Pick<EventData<"revocation.failed">, "attempt" | "error" | "retryable">;

export type OverdueEvent = AuditEvent<"revocation.overdue">;

/** The event for access that should be gone and is not, for the audit and for messages. */
export function overdueEvent(
  { request, grants }: State,
  grantId: string,
  overdue: {
    readonly since: Date;
    readonly lateSeconds: number;
    readonly step: number;
    readonly now: Date;
    readonly failure: LastFailure | undefined;
  },
): OverdueEvent {
  const grant = grants.find(({ id }) => id === grantId);
  if (!grant) throw new Error(`${requestName(request)} has no grant ${grantId}`);
  const { failure } = overdue;
  return {
    type: "revocation.overdue",
    at: overdue.now,
    actor: { kind: "hallpass" },
    grantId,
    data: {
      access: accessOfGrant(request, grantId),
      provider: grant.provider,
      subject: grant.subject,
      since: overdue.since.toISOString(),
      lateSeconds: Math.floor(overdue.lateSeconds),
      step: overdue.step,
      attempts: failure?.attempt ?? 0,
      ...(failure && { error: failure.error, retryable: failure.retryable }),
    },
  };
}

/**
 * The result of reporting overdue access: `never` if no retry helps, `later` if one may. `isAway`: the failure was not about this
 * message, so there is no point in trying another one now.
 */
export type OverdueTold =
  | { readonly outcome: "said" }
  | { readonly outcome: "never"; readonly why: string }
  | {
      readonly outcome: "later";
      readonly why: string;
      readonly isAway: boolean;
      /** How long the message may still arrive without our hearing of it; absent if it was certainly not sent. */
      readonly doubtSeconds?: number;
    };
