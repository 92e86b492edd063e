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
import { messageOf } from "../error-message.ts";

export type ReloadOutcome = "loaded" | "unchanged" | "refused";

/** The policy in force, which a reload replaces. */
export type PolicyInForce = {
  readonly current: () => Policy;
  /** Registers what is called each time another policy has come into force. */
  onChange(listener: () => void): void;
  /** Puts another policy in force; only `enforcePolicy` does. */
  replace(policy: Policy): void;
};

/** Creates what holds the policy in force. */
export function createPolicyInForce(first: Policy): PolicyInForce {
  let current = first;
  const listeners: (() => void)[] = [];
  return {
    current: () => current,
    onChange: (listener) => void listeners.push(listener),
    replace(policy) {
      current = policy;
      for (const listener of listeners) listener();
    },
  };
}

/** Puts the policy on disk in force; an invalid one changes nothing. Runs one at a time; never throws. */
export type Reload = (via: "signal" | "watch") => Promise<ReloadOutcome>;

export type EnforceDeps = {
  readonly db: PrismaClient;
  readonly clock: Clock;
  readonly policy: PolicyInForce;
  readonly read: () => Promise<LoadedPolicy>;
  /** Opens the policy's providers and sinks, and returns a function that switches to them; throws errors meant for the operator. */
  readonly prepare: (policy: Policy) => () => void;
  /** Tells the alerts channel. */
  readonly tell: (text: string) => void;
  readonly onOutcome: (outcome: ReloadOutcome, policy: Policy) => void;
  readonly onError: (error: unknown, what: string) => void;
};

/** Enforces the policy, and each that replaces it: stored for replay and recorded first, then switched to all at once. */
export async function enforcePolicy(deps: EnforceDeps): Promise<Reload> {
  const { policy: inForce } = deps;
  let refused: readonly string[] = [];
  const first = inForce.current();
  const usePrepared = deps.prepare(first);
  const begun = await eventNow(deps, { type: "policy.loaded", data: { hash: first.hash, via: "start" } });
  await storePolicy(deps.db, first, begun);
  usePrepared();

  async function reloadNow(via: "signal" | "watch"): Promise<ReloadOutcome> {
    const loaded = await deps.read();
    if (!loaded.ok) return refuse(via, loaded.faults.map(wordFault));
    const { policy } = loaded;
    const before = inForce.current().hash;
    if (policy.hash === before) {
      if (refused.length > 0) deps.tell("The policy on disk is the one in force again.");
      refused = [];
      return "unchanged";
    }
    let use: () => void;
    try {
      use = deps.prepare(policy);
    } catch (error) {
      return refuse(via, [messageOf(error)]);
    }
    const changed = await eventNow(deps, { type: "policy.loaded", data: { hash: policy.hash, before, via } });
    await storePolicy(deps.db, policy, changed);
    use();
    inForce.replace(policy);
    refused = [];
    tell(changed);
    return "loaded";
  }

  async function refuse(via: "signal" | "watch", faults: readonly string[]): Promise<ReloadOutcome> {
    const isNew = faults.join("\n") !== refused.join("\n");
    refused = faults;
    if (!isNew) return "refused";
    const { hash } = inForce.current();
    const data = { inForce: hash, via, faults: [...faults] };
    const event = await eventNow(deps, { type: "policy.refused", data });
    await recordEvent(deps.db, event);
    tell(event);
    return "refused";
  }

  function tell(event: AuditEvent): void {
    const text = toAlerts(event);
    if (text !== undefined) deps.tell(text);
  }

  let last: Promise<unknown> = Promise.resolve();
  return (via) => {
    const outcome = last.then(async () => {
      try {
        const result = await reloadNow(via);
        deps.onOutcome(result, inForce.current());
        return result;
      } catch (error) {
        // The database may be down: the old policy stays in force, and the next reload tries again.
        deps.onError(error, "the policy could not be reloaded");
        deps.onOutcome("refused", inForce.current());
        return "refused";
      }
    });
    last = outcome;
    return outcome;
  };
}

async function eventNow(
  { db, clock }: EnforceDeps,
  event: Pick<Extract<AuditEvent, { type: "policy.loaded" | "policy.refused" }>, "type" | "data">,
): Promise<AuditEvent> {
  const at = await readNow(db, clock);
  // The pair was narrowed together by the parameter's type; spreading loses that.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return { ...event, at, actor: { kind: "hallpass" } } as AuditEvent;
}
