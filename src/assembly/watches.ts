import { enforceLockdowns } from "../access/lockdown/lockdown.ts";
import { clearEffects } from "../jobs/clear-effects.ts";
import { watchProviderRecovery } from "../jobs/provider-recovery.ts";
import { runInLoop } from "../loop.ts";
import { watchForDrift } from "./drift.ts";
import { watchOverdue } from "./overdue.ts";
import type { Enforced } from "./policy.ts";
import type { Running } from "./running.ts";
import type { SlackClient } from "./slack-client.ts";
import type { Storage } from "./storage.ts";
import type { Work } from "./work.ts";

export type Watches = {
  /** Looks now, after a clock was moved. */
  look(): void;
};

/** A lockdown ends what is open at once; this finds what another process let in at that moment. */
const enforceEveryMs = 5_000;

/** Starts the background checks: drift, overdue access, what is left of lockdowns. */
export function startWatches(
  parts: Running & Storage & SlackClient & Enforced & Pick<Work, "record">,
): Watches {
  const { log, closers, policy, record } = parts;
  const drift = watchForDrift({ ...parts, ...record });
  closers.add(() => drift.stop(), 1_000);
  const clearing = clearEffects({ ...parts, keepSeconds: () => policy().settings.keepEffectsSeconds });
  closers.add(() => clearing.stop(), 500);
  const lockdowns = runInLoop(
    async () => {
      await enforceLockdowns(record);
      return enforceEveryMs;
    },
    { log, fault: "it could not be looked for what a lockdown ends" },
  );
  closers.add(() => lockdowns.stop(), 1_000);
  const recovery = watchProviderRecovery({ ...parts, ...record });
  closers.add(() => recovery.stop(), 500);
  const watchdog = watchOverdue(parts);
  closers.add(() => watchdog.stop(), 2_000);
  return {
    look() {
      watchdog.look();
      drift.now();
    },
  };
}
