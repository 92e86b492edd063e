import type { AuditEvent, EventData } from "./audit-event.ts";
import type { State } from "./state.ts";
import { requestName } from "./request.ts";

/** Access that is not proven gone this long after it should have ended is overdue. */
export const overdueAfterSeconds = 60;

/** How late access is when that is said again, in seconds: after 1, 5, 15 and 60 minutes, then every four hours. */
const stepSeconds = [overdueAfterSeconds, 300, 900, 3_600] as const;
const furtherStepSeconds = 4 * 3_600;

/** Which time it is to be said that access is overdue: 0 while it is not, then 1, 2, 3 ... as it gets later. */
export function overdueStep(lateSeconds: number): number {
  const first = stepSeconds.filter((seconds) => lateSeconds >= seconds).length;
  return first + Math.floor(lateSeconds / furtherStepSeconds);
}

/** What the provider said when it was last tried to take the access away. */
export type LastFailure = Pick<EventData<"revocation.failed">, "attempt" | "error" | "retryable">;

export type OverdueEvent = Extract<AuditEvent, { readonly type: "revocation.overdue" }>;

/** Access that should be gone and is not, as the audit and people are told. */
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
): Extract<AuditEvent, { type: "revocation.overdue" }> {
  const grant = grants.find(({ id }) => id === grantId);
  if (!grant) throw new Error(`${requestName(request)} has no grant ${grantId}`);
  const { failure } = overdue;
  const planned = request.planned.find((each) => each.grantId === grantId);
  return {
    type: "revocation.overdue",
    at: overdue.now,
    actor: { kind: "hallpass" },
    grantId,
    data: {
      access: planned?.access ?? `${request.resource}:${request.role}`,
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
 * What became of saying it: `never` where no retry mends it, `later` where one may. `isAway`: it was not about this message, so
 * that another one need not be tried now.
 */
export type OverdueTold =
  | { readonly outcome: "said" }
  | { readonly outcome: "never"; readonly why: string }
  | {
      readonly outcome: "later";
      readonly why: string;
      readonly isAway: boolean;
      /** How long it may still come without being told; absent where it was certainly not said. */
      readonly doubtSeconds?: number;
    };
