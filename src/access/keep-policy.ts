import type { AuditEvent } from "../domain/audit-event.ts";
import type { PrismaClient } from "../generated/prisma/client.ts";
import { recordEvent } from "../persistence/audit.ts";
import type { Clock } from "../persistence/database/clock.ts";
import { storePolicy } from "../persistence/policies.ts";
import { readNow } from "../persistence/requests/requests.ts";
import { wordFault } from "../policy/language/fault.ts";
import type { LoadedPolicy } from "../policy/language/load.ts";
import type { Policy } from "../policy/policy.ts";
import { toAlerts } from "../words/event-words.ts";

export type ReloadOutcome = "loaded" | "unchanged" | "refused";

export type PolicyKeeper = {
  /** The policy in force. */
  readonly current: () => Policy;
  /** Why the policy that is on disk now is not the one in force; empty when it is. */
  readonly refused: () => readonly string[];
  /** Puts the policy on disk in force; an invalid one changes nothing. Runs one at a time; never throws. */
  reload(via: "signal" | "watch"): Promise<ReloadOutcome>;
};

export type KeepPolicyDeps = {
  readonly db: PrismaClient;
  readonly clock: Clock;
  readonly read: () => Promise<LoadedPolicy>;
  /** Opens the policy's providers and sinks, and returns a function that switches to them; throws errors meant for the operator. */
  readonly prepare: (policy: Policy) => () => void;
  /** Tells the alerts channel. */
  readonly tell: (policy: Policy, text: string) => void;
  readonly onOutcome: (outcome: ReloadOutcome, policy: Policy) => void;
  readonly onError: (error: unknown, what: string) => void;
};

/** Puts a policy in force, and keeps it current: stored for replay and recorded first, then switched to all at once. */
export async function keepPolicy(deps: KeepPolicyDeps, first: Policy): Promise<PolicyKeeper> {
  let current = first;
  let refused: readonly string[] = [];
  const usePrepared = deps.prepare(first);
  const begun = await eventNow(deps, { type: "policy.loaded", data: { hash: first.hash, via: "start" } });
  await storePolicy(deps.db, first, begun);
  usePrepared();

  async function reloadNow(via: "signal" | "watch"): Promise<ReloadOutcome> {
    const loaded = await deps.read();
    if (!loaded.ok) return refuse(via, loaded.faults.map(wordFault));
    const { policy } = loaded;
    if (policy.hash === current.hash) {
      if (refused.length > 0) deps.tell(current, "The policy on disk is the one in force again.");
      refused = [];
      return "unchanged";
    }
    let use: () => void;
    try {
      use = deps.prepare(policy);
    } catch (error) {
      return refuse(via, [error instanceof Error ? error.message : String(error)]);
    }
    const before = current.hash;
    const changed = await eventNow(deps, { type: "policy.loaded", data: { hash: policy.hash, before, via } });
    await storePolicy(deps.db, policy, changed);
    use();
    current = policy;
    refused = [];
    tell(changed);
    return "loaded";
  }

  async function refuse(via: "signal" | "watch", faults: readonly string[]): Promise<ReloadOutcome> {
    const isNew = faults.join("\n") !== refused.join("\n");
    refused = faults;
    if (!isNew) return "refused";
    const data = { inForce: current.hash, via, faults: [...faults] };
    const event = await eventNow(deps, { type: "policy.refused", data });
    await recordEvent(deps.db, event);
    tell(event);
    return "refused";
  }

  function tell(event: AuditEvent): void {
    const text = toAlerts(event);
    if (text !== undefined) deps.tell(current, text);
  }

  let last: Promise<unknown> = Promise.resolve();
  return {
    current: () => current,
    refused: () => refused,
    reload(via) {
      const outcome = last.then(async () => {
        try {
          const result = await reloadNow(via);
          deps.onOutcome(result, current);
          return result;
        } catch (error) {
          // The database may be down: the old policy stays in force, and the next reload tries again.
          deps.onError(error, "the policy could not be reloaded");
          deps.onOutcome("refused", current);
          return "refused";
        }
      });
      last = outcome;
      return outcome;
    },
  };
}

async function eventNow(
  { db, clock }: KeepPolicyDeps,
  event: Pick<AuditEvent<"policy.loaded" | "policy.refused">, "type" | "data">,
): Promise<AuditEvent> {
  const at = await readNow(db, clock);
  // The pair was narrowed together by the parameter's type; spreading loses that.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return { ...event, at, actor: { kind: "hallpass" } } as AuditEvent;
}
