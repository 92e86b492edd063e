import { v7 as uuidv7 } from "uuid";
import {
  closeUnguarded,
  findUntold,
  markTold,
  touchFindings,
  type UntoldFinding,
} from "../../persistence/drift/findings.ts";
import {
  claimLooks,
  endLook,
  forgetLooks,
  lookLeaseSeconds,
  renewLook,
} from "../../persistence/drift/looks.ts";
import { readLiveTargets, readShould } from "../../persistence/drift/should.ts";
import { compare } from "../../domain/drift/drift.ts";
import { type Guarded, guardedTargets } from "../../policy/guarded.ts";
import type { Policy } from "../../policy/policy.ts";
import type { LiveProvider } from "../../providers/open.ts";
import { ProviderError } from "../../providers/provider.ts";
import { actOnDrift } from "./act-on-drift.ts";
import { type Look, lookAt } from "./confirm-drift.ts";
import type { RecordDeps } from "../deps.ts";
import { messageOf } from "../../error-message.ts";

export type DriftDeps = RecordDeps & {
  readonly policy: () => Policy;
  readonly providers: ReadonlyMap<string, LiveProvider>;
  /** Posts the findings in the alerts channel; throws if it could not. */
  readonly tell: (policy: Policy, findings: readonly UntoldFinding[]) => Promise<void>;
  /** For the operator: a provider could not be asked, or there is a bug of ours. */
  readonly onTrouble: (provider: string, error: unknown) => void;
  readonly signal: AbortSignal;
};

/** Providers asked at the same time; within one, targets are looked at one after the other. */
const providersAtOnce = 4;

/**
 * Compares each provider that is due with what should be there, sets right what it can, and reports what it found. One process at a
 * time, and each provider by itself: one that cannot be asked holds up no other.
 */
export async function lookForDrift(deps: DriftDeps): Promise<void> {
  const policy = deps.policy();
  const guarded = guardedTargets(policy, await readLiveTargets(deps.db));
  const names = [...new Set(guarded.map(({ provider }) => provider))];
  const by = uuidv7();
  const { everySeconds } = policy.settings.drift;
  const claimed = [...(await claimLooks(deps.db, deps.clock, names, { by, everySeconds }))];
  if (claimed.length === 0) return;
  await closeUnguarded(deps.db, deps.clock, guarded);
  await forgetLooks(deps.db, names);
  const one = async (): Promise<void> => {
    for (let name = claimed.shift(); name !== undefined; name = claimed.shift()) {
      const own = guarded.filter(({ provider }) => provider === name);
      await lookAtProvider(deps, name, own, by).catch((error: unknown) => deps.onTrouble(name, error));
    }
  };
  await Promise.all(Array.from({ length: providersAtOnce }, one));
}

async function lookAtProvider(
  deps: DriftDeps,
  name: string,
  guarded: readonly Guarded[],
  by: string,
): Promise<void> {
  // It may have waited for its turn for longer than its lease.
  if (!(await renewLook(deps.db, name, by))) return;
  const lost = new AbortController();
  const keeping = setInterval(
    () => {
      renewLook(deps.db, name, by).then(
        (isOurs) => (isOurs ? undefined : lost.abort()),
        (error: unknown) => deps.onTrouble(name, error),
      );
    },
    (lookLeaseSeconds * 1000) / 3,
  );
  try {
    const signal = AbortSignal.any([deps.signal, lost.signal]);
    const trouble = await lookAtTargets({ ...deps, signal }, name, guarded);
    if (!signal.aborted) await tell(deps, name);
    if (!signal.aborted) await endLook(deps.db, deps.clock, name, { by, trouble });
  } finally {
    clearInterval(keeping);
  }
}

/** Looks at each target. Returns why the provider could not be asked, or not about all of them. */
async function lookAtTargets(
  deps: DriftDeps,
  name: string,
  guarded: readonly Guarded[],
): Promise<string | undefined> {
  let trouble: string | undefined;
  for (const one of guarded) {
    if (deps.signal.aborted) return trouble;
    try {
      const provider = deps.providers.get(name);
      if (!provider)
        throw new ProviderError(`the provider ${name} is not configured any more`, { retryable: true });
      await lookAtTarget(deps, provider, one);
    } catch (error) {
      deps.onTrouble(name, error);
      trouble ??= messageOf(error);
      // The provider is down: the other targets would only wait for it, one by one.
      if (error instanceof ProviderError && error.retryable) return trouble;
    }
  }
  return trouble;
}

async function lookAtTarget(deps: DriftDeps, provider: LiveProvider, guarded: Guarded): Promise<void> {
  const look = (): Promise<Look> => lookAt(provider, guarded);
  const { system, holders } = await look();
  // Read after the provider: any grant of ours that it showed was recorded before it was made, so its row is there.
  const should = await readShould(deps.db, deps.clock, guarded, system, holders);
  for (const drift of compare({ ...should, holders, handling: guarded.unknown })) {
    if (deps.signal.aborted) return;
    await actOnDrift(deps, { provider, guarded, look }, drift);
  }
  const holding = new Set(holders.map(({ subject }) => subject));
  const seen = should.remembered.filter(({ subject, goneAt }) => !goneAt && holding.has(subject));
  await touchFindings(
    deps.db,
    deps.clock,
    seen.map(({ id }) => id),
  );
}

/** Reports each finding once: it is marked as told only if it was. What could not be reported is reported after the next look. */
async function tell(deps: DriftDeps, provider: string): Promise<void> {
  const untold = await findUntold(deps.db, provider);
  if (untold.length === 0) return;
  try {
    await deps.tell(deps.policy(), untold);
  } catch (error) {
    deps.onTrouble(provider, error);
    return;
  }
  await markTold(
    deps.db,
    deps.clock,
    untold.map(({ id, outcome }) => ({ id, outcome })),
  );
}
