import type { AuditEvent } from "../../domain/audit-event.ts";
import type { Person } from "../../domain/person.ts";
import { actorOf } from "../../domain/request/consequences.ts";
import { recordEvent } from "../../persistence/audit.ts";
import type { Caller } from "../../identity/caller.ts";
import {
  beginLockdown,
  findLockedRequests,
  liftLockdown,
  type Locked,
  readLockdowns,
} from "../../persistence/requests/lockdowns.ts";
import { readNow } from "../../persistence/requests/requests.ts";
import { isLockedDown, type Lockdown } from "../../policy/lockdown.ts";
import { isAdmin } from "../../policy/people.ts";
import { discountApprovalsOf } from "../requests/discount-approvals.ts";
import { type Ended, endOpenRequest } from "./offboard.ts";
import type { PolicyDeps, RecordDeps } from "../deps.ts";

export type LockdownAnswer =
  | { readonly outcome: "locked"; readonly ended: Ended; readonly approvals: number }
  | { readonly outcome: "lifted" }
  | { readonly outcome: "already" }
  | { readonly outcome: "refused"; readonly why: LockdownRefusal };

/** Why somebody may not lock down or lift. */
export type LockdownRefusal = "not_admin" | "locked_down" | "own";

export const lockdownRefusalText: Readonly<Record<LockdownRefusal, string>> = {
  not_admin: "Only admins may lock down. The policy names them under settings.admins.",
  locked_down: "You are locked down, so nothing was done. Another admin has to lift that first.",
  own: "Nobody lifts their own lockdown. Another admin has to.",
};

/** An admin locks somebody or something down: what is open ends now, and nothing new is given until it is lifted. */
export async function lockDown(
  deps: PolicyDeps,
  lockdown: Lockdown,
  caller: Caller,
  key: string,
): Promise<LockdownAnswer> {
  const by = await deps.people.resolve(caller);
  const { kind, value, reason } = lockdown;
  const why = await whyNot(deps, by, lockdown, { isLift: false, key });
  if (why) return { outcome: "refused", why };
  const event = await eventBy(deps, by, { type: "lockdown.begun", data: { kind, value, reason } });
  const recorded = { event, by: by.email, dedupeKey: dedupeKey(key) };
  const begun = await beginLockdown(deps.db, deps.clock, lockdown, recorded);
  deps.lockdowns.forget();
  const enforced = await enforceLockdowns(deps);
  return begun ? { outcome: "locked", ...enforced } : { outcome: "already" };
}

/** An admin lifts a lockdown; what it ended stays ended. */
export async function liftDown(
  deps: PolicyDeps,
  locked: Locked,
  caller: Caller,
  key: string,
): Promise<LockdownAnswer> {
  const by = await deps.people.resolve(caller);
  const { kind, value } = locked;
  const why = await whyNot(deps, by, locked, { isLift: true, key });
  if (why) return { outcome: "refused", why };
  const event = await eventBy(deps, by, { type: "lockdown.lifted", data: { kind, value } });
  const recorded = { event, by: by.email, dedupeKey: dedupeKey(key) };
  const lifted = await liftLockdown(deps.db, deps.clock, locked, recorded);
  deps.lockdowns.forget();
  return { outcome: lifted ? "lifted" : "already" };
}

/**
 * Ends whatever is open under a lockdown, including what slipped in while another process did not know of it yet. Approvals by
 * people who are locked down stop counting.
 */
export async function enforceLockdowns(
  deps: RecordDeps,
): Promise<{ readonly ended: Ended; readonly approvals: number }> {
  const lockdowns = await readLockdowns(deps.db);
  let ended: Ended = { requests: 0, grants: 0 };
  // There is rarely a lockdown, and this check is cheaper than scanning all requests.
  if (lockdowns.length === 0) return { ended, approvals: 0 };
  for (const requestId of await findLockedRequests(deps.db)) {
    const more = await endOpenRequest(deps, requestId, "lockdown");
    ended = { requests: ended.requests + more.requests, grants: ended.grants + more.grants };
  }
  const persons = lockdowns.flatMap((one) => (one.kind === "person" ? [one.person] : []));
  return { ended, approvals: await discountApprovalsOf(deps, persons, "lockdown") };
}

/** Why they may not, if so; the attempt is then recorded. */
async function whyNot(
  deps: PolicyDeps,
  by: Person,
  locked: Locked,
  { isLift, key }: { readonly isLift: boolean; readonly key: string },
): Promise<LockdownRefusal | undefined> {
  const why = await refusalOf(deps, by, locked, isLift);
  if (!why) return undefined;
  const attempted = `${isLift ? "lift" : "lockdown"} ${locked.value}`;
  const data = { attempted, why: lockdownRefusalText[why] };
  const event = await eventBy(deps, by, { type: "lockdown.refused", data });
  await recordEvent(deps.db, event, { dedupeKey: dedupeKey(key) });
  return why;
}

async function refusalOf(
  deps: PolicyDeps,
  by: Person,
  locked: Locked,
  isLift: boolean,
): Promise<LockdownRefusal | undefined> {
  if (isLift && locked.kind === "person" && locked.person === by.id) return "own";
  const policy = deps.policy();
  const memberships = await deps.groups.read(policy.outsideGroups);
  // Checked last, because asking for groups may take seconds.
  if (isLockedDown(await readLockdowns(deps.db), by)) return "locked_down";
  return isAdmin(policy, memberships, by.email) ? undefined : "not_admin";
}

async function eventBy(
  { db, clock }: PolicyDeps,
  by: Person,
  event: Pick<AuditEvent<"lockdown.begun" | "lockdown.lifted" | "lockdown.refused">, "type" | "data">,
): Promise<AuditEvent> {
  const at = await readNow(db, clock);
  // The pair was narrowed together by the parameter's type; spreading loses that.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return { ...event, at, actor: actorOf(by) } as AuditEvent;
}

/** Idempotency key: a command delivered twice is recorded once. */
function dedupeKey(key: string): string {
  return `lockdown ${key}`;
}
