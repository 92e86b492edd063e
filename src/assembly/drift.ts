import { lookForDrift } from "../access/drift/look-for-drift.ts";
import type { RecordDeps } from "../access/deps.ts";
import type { Metrics } from "../http/metrics.ts";
import { runInLoop, type Loop } from "../loop.ts";
import type { Logger } from "../logger.ts";
import { summariseDrift } from "../persistence/drift/list.ts";
import type { Policy } from "../policy/policy.ts";
import type { LiveProvider } from "../providers/open.ts";
import { sayIn, type Announcers } from "../notify/alerts.ts";
import { driftMessage } from "../notify/drift-message.ts";

export type DriftParts = RecordDeps & {
  readonly announcers: Announcers;
  readonly policy: () => Policy;
  readonly providers: ReadonlyMap<string, LiveProvider>;
  readonly metrics: Metrics;
  readonly log: Logger;
};

/** How often the database is asked whether a provider is due for a look. */
const askEveryMs = 15_000;

/** Looks for drift in the providers that are due, one look at a time. */
export function watchForDrift({ announcers, metrics, log, ...parts }: DriftParts): Loop {
  return runInLoop(
    async (_asked, signal) => {
      await lookForDrift({
        ...parts,
        tell: (policy, findings) => sayIn(announcers, policy.settings.alerts, driftMessage(findings)),
        onTrouble: (provider, error) =>
          log.warn(
            { err: error, provider },
            "a provider could not be looked at for drift; it is looked at again",
          ),
        signal,
      });
      const { counts, troubled } = await summariseDrift(parts.db);
      metrics.driftSeen(counts, troubled);
      return askEveryMs;
    },
    { log, fault: "it could not be looked for drift" },
  );
}
