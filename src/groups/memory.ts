import { setTimeout as sleep } from "node:timers/promises";

/** What was asked of a service, kept for a while. */
export type Memory<T> = {
  /** As it is now; all who wait share one call. Throws why there is nothing, after `patienceMs` at the latest. */
  read(): Promise<T>;
  /** The same without waiting; `undefined` where somebody has to ask. */
  remembered(): T | undefined;
  /** What was asked before now is no longer true. */
  forget(): void;
};

export type MemoryOptions = {
  /** How long what was asked may be believed, counted from before it was asked. */
  readonly ttlMs: number;
  readonly patienceMs?: number | undefined;
  /** Milliseconds of a clock that never goes back. */
  readonly now?: (() => number) | undefined;
};

/** Slack waits three seconds for an answer to a click, and there is more to do in them. */
export const defaultPatienceMs = 2_000;

/** A service that is down is not asked again at each click. */
const failureTtlMs = 5_000;

/**
 * What is younger than this is believed whatever was told since: events may storm, and those of Slack are late by about
 * as much anyway. It bounds the calls to 12 a minute, where Slack takes 20.
 */
const leastTtlMs = 5_000;

/** Who asks in the last fifth of a value's time sets off the next call and waits for nothing. */
const earlyShare = 0.8;

/** Remembers what `ask` brings. `service` is who is being asked, for people. */
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

  /** Never beyond its time, not even while the service is down: who has left a group must not stay in it by an outage. */
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
      // Counted from the call's beginning: who comes late to a service that hangs does not wait as long again.
      return within(askedAt + patienceMs - now(), promise, notInTime(service, patienceMs));
    },
    remembered: () => recall()?.value,
    forget() {
      forgottenAt = now();
    },
  };
}

/** Says who is too slow. */
export function notInTime(service: string, patienceMs: number): string {
  return `${service} has not answered for ${patienceMs / 1_000} s`;
}

/** What the promise brings, or an error with the words `late` if that takes longer; the promise itself goes on. */
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
