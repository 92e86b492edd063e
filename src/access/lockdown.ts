import type { AuditEvent } from "../domain/audit-event.ts";
import type { Person } from "../domain/person.ts";
import { actorOf } from "../domain/request-consequences.ts";
import { recordEvent } from "../persistence/audit.ts";
import { beginLockdown, findLockedRequests, liftLockdown, readLockdowns } from "../persistence/lockdowns.ts";
import { readNow } from "../persistence/requests.ts";
import type { Lockdown } from "../policy/lockdown.ts";
import { isAdmin } from "../policy/people.ts";
import { endOpenRequest } from "./offboard.ts";
import type { PolicyDeps, RecordDeps } from "./deps.ts";

export type LockdownAnswer = "done" | "already" | "not_admin";

/** An admin locks somebody or something down: what is open ends now, and nothing new is given until it is lifted. */
export async function lockDown(
  deps: PolicyDeps,
  lockdown: Lockdown,
  by: Person,
  key: string,
): Promise<LockdownAnswer> {
  const { kind, value, reason } = lockdown;
  if (!(await mayLock(deps, by, `lockdown ${value}`, key))) return "not_admin";
  const event = await eventBy(deps, by, { type: "lockdown.begun", data: { kind, value, reason } });
  const recorded = { event, by: by.email, dedupeKey: dedupeKey(key) };
  const begun = await beginLockdown(deps.db, deps.clock, lockdown, recorded);
  deps.lockdowns.forget();
  await enforceLockdowns(deps);
  return begun ? "done" : "already";
}

/** An admin lifts a lockdown; what it ended stays ended. */
export async function liftDown(
  deps: PolicyDeps,
  { kind, value }: Pick<Lockdown, "kind" | "value">,
  by: Person,
  key: string,
): Promise<LockdownAnswer> {
  if (!(await mayLock(deps, by, `lift ${value}`, key))) return "not_admin";
  const event = await eventBy(deps, by, { type: "lockdown.lifted", data: { kind, value } });
  const recorded = { event, by: by.email, dedupeKey: dedupeKey(key) };
  const lifted = await liftLockdown(deps.db, deps.clock, { kind, value }, recorded);
  deps.lockdowns.forget();
  return lifted ? "done" : "already";
}

/** Ends whatever is open under a lockdown; also what slipped in while another process did not know of it yet. */
export async function enforceLockdowns(deps: RecordDeps): Promise<void> {
  // Mostly there is none, and looking through all requests is dearer than to find that out.
  if ((await readLockdowns(deps.db)).length === 0) return;
  for (const requestId of await findLockedRequests(deps.db))
    await endOpenRequest(deps, requestId, "lockdown");
}

async function mayLock(deps: PolicyDeps, by: Person, attempted: string, key: string): Promise<boolean> {
  const policy = deps.policy();
  const memberships = await deps.groups.read(policy.outsideGroups);
  if (isAdmin(policy, memberships, by.email)) return true;
  const why = "only admins may lock down; the policy names them under settings.admins";
  const event = await eventBy(deps, by, { type: "lockdown.refused", data: { attempted, why } });
  await recordEvent(deps.db, event, { dedupeKey: dedupeKey(key) });
  return false;
}

async function eventBy(
  { db, clock }: PolicyDeps,
  by: Person,
  event: Pick<
    Extract<AuditEvent, { type: "lockdown.begun" | "lockdown.lifted" | "lockdown.refused" }>,
    "type" | "data"
  >,
): Promise<AuditEvent> {
  const at = await readNow(db, clock);
  // The pair was narrowed together by the parameter's type; spreading loses that.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return { ...event, at, actor: actorOf(by) } as AuditEvent;
}

/** The same command delivered twice is on record once. */
function dedupeKey(key: string): string {
  return `lockdown ${key}`;
}
