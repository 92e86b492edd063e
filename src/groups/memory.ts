import { setTimeout as sleep } from "node:timers/promises";

/** A cached answer of a service. */
export type Memory<T> = {
  /** The current value; concurrent callers share one call. Throws why there is none, after `patienceMs` at the latest. */
  read(): Promise<T>;
  /** The same without waiting; `undefined` if the service has to be asked. */
  remembered(): T | undefined;
  /** Invalidates what was asked before now. */
  forget(): void;
};

export type MemoryOptions = {
  /** How long a value is valid, counted from before it was asked for. */
  readonly ttlMs: number;
  readonly patienceMs?: number | undefined;
  /** Milliseconds of a monotonic clock. */
  readonly now?: (() => number) | undefined;
};

/** Slack waits three seconds for the answer to a click, and other work has to fit into them. */
export const defaultPatienceMs = 2_000;

/** A service that is down is not asked again at each click, but only after this. */
const failureTtlMs = 5_000;

/**
 * A value younger than this stays valid even after `forget`: events may come in storms, and Slack's are late by about
 * as much anyway. It limits the calls to 12 a minute, where Slack allows 20.
 */
const leastTtlMs = 5_000;

/** A read in the last fifth of a value's time starts the next call without waiting for it. */
const earlyShare = 0.8;

/** Creates a cache of what `ask` returns. `service` is its name, for people. */
export function createMemory<T>(
  service: string,
  ask: () => Promise<T>,
  { ttlMs, patienceMs = defaultPatienceMs, now = () => performance.now() }: MemoryOptions,
): Memory<T> {
  let known: { readonly value: T; readonly askedAt: number } | undefined;
  let failure: { readonly error: unknown; readonly at: number } | undefined;
  let asking: { readonly promise: Promise<T>; readonly askedAt: number } | undefined;
  let forgottenAt = -Infinity;

  function start(): NonNullable<typeof asking> {
    const askedAt = now();
    asking = { promise: ask(), askedAt };
    void keep(asking);
    return asking;
  }

  async function keep({ promise, askedAt }: NonNullable<typeof asking>): Promise<void> {
    try {
      known = { value: await promise, askedAt };
      failure = undefined;
    } catch (error) {
      failure = { error, at: now() };
    } finally {
      asking = undefined;
    }
  }

  const hasJustFailed = (): boolean => failure !== undefined && now() < failure.at + failureTtlMs;

  /** Never past its time, even while the service is down: an outage must not keep anybody in a group they have left. */
  function recall(): { readonly value: T } | undefined {
    if (!known) return undefined;
    const ageMs = now() - known.askedAt;
    const isForgotten = forgottenAt >= known.askedAt;
    if (ageMs >= (isForgotten ? leastTtlMs : ttlMs)) return undefined;
    if (ageMs >= ttlMs * earlyShare && !asking && !hasJustFailed()) start();
    return known;
  }

  return {
    async read() {
      const recalled = recall();
      if (recalled) return recalled.value;
      if (failure && hasJustFailed()) throw failure.error;
      const { promise, askedAt } = asking ?? start();
      // Counted from the start of the call: a later caller to a service that hangs does not wait as long again.
      return within(askedAt + patienceMs - now(), promise, notInTime(service, patienceMs));
    },
    remembered: () => recall()?.value,
    forget() {
      forgottenAt = now();
    },
  };
}

/** Says which service is too slow. */
export function notInTime(service: string, patienceMs: number): string {
  return `${service} has not answered for ${patienceMs / 1_000} s`;
}

/** Returns the promise's value, or throws an error with the text `late` if that takes longer; the promise itself goes on. */
export async function within<T>(milliseconds: number, promise: Promise<T>, late: string): Promise<T> {
  const timer = new AbortController();
  const { signal } = timer;
  const tooLate = sleep(Math.max(0, milliseconds), undefined, { signal, ref: false }).then(() => {
    throw new Error(late);
  });
  try {
    return await Promise.race([promise, tooLate]);
  } finally {
    timer.abort();
  }
}
