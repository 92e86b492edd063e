import { hastenRevocation, hastenRevocationsIn } from "../../persistence/effects/effects.ts";
import type { RecordDeps } from "../deps.ts";

/**
 * Retries a waiting revocation of access that should have ended now, without its backoff; false if none is waiting. Safe for
 * anybody to ask.
 */
export async function tryRevocationNow(deps: RecordDeps, grantId: string): Promise<boolean> {
  const owed = await hastenRevocation(deps.db, deps.clock, grantId);
  if (owed) deps.wake([owed], owed.dueAt);
  return owed !== undefined;
}

/** Retries all revocations now that failed while a provider was down; returns how many. */
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
