import { hastenRevocation, hastenRevocationsIn } from "../persistence/effects.ts";
import type { RecordDeps } from "./deps.ts";

/** Has access that should have ended taken away now, not after the wait; false when nothing waits. Safe for anybody to ask. */
export async function tryRevocationNow(deps: RecordDeps, grantId: string): Promise<boolean> {
  const owed = await hastenRevocation(deps.db, deps.clock, grantId);
  if (owed) deps.wake([owed], owed.dueAt);
  return owed !== undefined;
}

/** Has everything taken away now that a provider could not take away while it was away; how much that is. */
export async function tryRevocationsNow(deps: RecordDeps, provider: string): Promise<number> {
  const owed = await hastenRevocationsIn(deps.db, deps.clock, provider);
  const [first] = owed;
  if (first)
    deps.wake(
      owed,
      owed.reduce((latest, { dueAt }) => (dueAt > latest ? dueAt : latest), first.dueAt),
    );
  return owed.length;
}
