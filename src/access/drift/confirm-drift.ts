import { compare, type Drift, type Holding } from "../../domain/drift/drift.ts";
import { readShould } from "../../persistence/drift/should.ts";
import { type Guarded, guardedTargets } from "../../policy/guarded.ts";
import type { Policy } from "../../policy/policy.ts";
import { targetKey } from "../../policy/target-key.ts";
import type { LiveProvider } from "../../providers/open.ts";
import { ProviderError } from "../../providers/provider.ts";
import type { RecordDeps } from "../deps.ts";

export type DriftActDeps = RecordDeps & { readonly policy: () => Policy };

/** Who holds a target, and in which system. */
export type Look = { readonly system: string; readonly holders: readonly Holding[] };

/** What was looked at, and how to look again. */
export type LookedAt = {
  readonly provider: LiveProvider;
  readonly guarded: Guarded;
  readonly look: () => Promise<Look>;
};

/** Asks a provider who holds a target. */
export async function lookAt(provider: LiveProvider, { provider: name, target }: Guarded): Promise<Look> {
  if (!provider.holders) throw new ProviderError(`${name} cannot list who has what`, { retryable: false });
  const system = await provider.identity();
  return { system, holders: await provider.holders(target) };
}

/** Looks again for the same drift; `undefined` if there is none now, or another one, which the next look finds. */
export async function confirm(
  deps: DriftActDeps,
  { guarded, look }: LookedAt,
  { kind, subject, ...seen }: Drift,
): Promise<Drift | undefined> {
  const { system, holders } = await look();
  const should = await readShould(deps.db, deps.clock, guarded, system, holders);
  const grantId = "grant" in seen ? seen.grant.id : undefined;
  return compare({ ...should, holders, handling: handlingNow(deps.policy(), guarded) }).find(
    (drift) =>
      drift.kind === kind &&
      drift.subject === subject &&
      ("grant" in drift ? drift.grant.id : undefined) === grantId,
  );
}

/** The handling by the policy in force now, which may differ from that at the beginning of the look. */
function handlingNow(policy: Policy, { provider, target }: Guarded): Guarded["unknown"] {
  const key = targetKey(provider, target);
  const guarded = guardedTargets(policy, []).find((one) => targetKey(one.provider, one.target) === key);
  return guarded?.unknown ?? "report";
}
