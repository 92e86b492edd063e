import { compare, type Drift } from "../domain/drift.ts";
import { readShould } from "../persistence/drift-should.ts";
import { type Guarded, guardedTargets } from "../policy/guarded.ts";
import type { Policy } from "../policy/policy.ts";
import { targetKey } from "../policy/target-key.ts";
import type { Provider } from "../providers/provider.ts";
import type { RecordDeps } from "./deps.ts";

export type DriftActDeps = RecordDeps & { readonly policy: () => Policy };

/** What was looked at, and who had it then. */
export type LookedAt = {
  readonly provider: Provider;
  readonly guarded: Guarded;
  readonly holders: ReadonlySet<string>;
};

/** The same drift, seen again now; `undefined` when it is none, or another one that the next look finds. */
export async function confirm(
  deps: DriftActDeps,
  { provider, guarded, holders }: LookedAt,
  { kind, subject, ...seen }: Drift,
): Promise<Drift | undefined> {
  const state = "grant" in seen ? seen.grant.state : undefined;
  const isHeld = await provider.holds(subject, provider.targetSchema.parse(guarded.target), state);
  const now = new Set(holders);
  if (isHeld) now.add(subject);
  else now.delete(subject);
  const should = await readShould(deps.db, deps.clock, guarded, [...now]);
  const grantId = "grant" in seen ? seen.grant.id : undefined;
  return compare({ ...should, holders: now, handling: handlingNow(deps.policy(), guarded) }).find(
    (drift) =>
      drift.kind === kind &&
      drift.subject === subject &&
      ("grant" in drift ? drift.grant.id : undefined) === grantId,
  );
}

/** By the policy in force at this moment, not by that at the beginning of the look. */
function handlingNow(policy: Policy, { provider, target }: Guarded): Guarded["unknown"] {
  const key = targetKey(provider, target);
  const guarded = guardedTargets(policy, []).find((one) => targetKey(one.provider, one.target) === key);
  return guarded?.unknown ?? "report";
}
