import type { FaultName } from "../protocol.ts";
import type { Stage } from "../stage/stage.ts";

/** The page's five switches. */
export interface FaultSwitches {
  readonly state: () => Readonly<Record<FaultName, boolean>>;
  readonly switch: (fault: FaultName, on: boolean) => void;
}

const SLOW_MS = 2000;
const RETRY_AFTER_SECONDS = 5;

/** Puts the switches onto the simulated Slack and the network to the guarded database; all are off at first. */
export function createFaultSwitches({ slack, setProviderDown }: Stage): FaultSwitches {
  let state: Readonly<Record<FaultName, boolean>> = {
    slow: false,
    down: false,
    rate_limited: false,
    duplicates: false,
    provider_down: false,
  };

  // Slack's own faults can only be cleared all at once.
  function apply(): void {
    slack.faults.clear();
    if (state.slow) slack.faults.slow(SLOW_MS);
    if (state.down) slack.faults.down();
    if (state.rate_limited) slack.faults.rateLimit(undefined, RETRY_AFTER_SECONDS, Infinity);
    if (state.duplicates) slack.faults.duplicateDeliveries(2);
  }

  return {
    state: () => state,
    switch: (fault, on) => {
      if (state[fault] === on) return;
      state = { ...state, [fault]: on };
      if (fault === "provider_down") setProviderDown(on);
      else apply();
    },
  };
}
