import { hastenRevocation } from "../persistence/effects.ts";
import type { RecordDeps } from "./deps.ts";

/** Has access that should have ended taken away now, not after the wait; false when nothing waits. Safe for anybody to ask. */
export async function tryRevocationNow(deps: RecordDeps, grantId: string): Promise<boolean> {
  const owed = await hastenRevocation(deps.db, deps.clock, grantId);
  if (owed) deps.wake([owed], owed.dueAt);
  return owed !== undefined;
}
