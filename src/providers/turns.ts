import { ProviderError } from "./provider.ts";
import { createUnderWay } from "./under-way.ts";

/** Lets calls through a few at a time, in the order they came. */
export type Turns = {
  /** Runs the work at its turn; throws a retryable `ProviderError` if the turn or the answer took too long. */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Resolves once no call waits or is under way; one that took too long counts as ended. */
  idle(): Promise<void>;
};

/**
 * Creates turns for at most `atOnce` calls at a time, each with `milliseconds` in all. A call waits at most half of
 * them for its turn: begun at the last moment, it would be given up with its work half done.
 */
export function createTurns(atOnce: number, milliseconds: number): Turns {
  const waiting = new Set<() => void>();
  const calls = createUnderWay();
  const [seconds, turnSeconds] = [milliseconds / 1_000, milliseconds / 2_000];
  let free = atOnce;

  function next(): void {
    const [begin] = waiting;
    if (free === 0 || !begin) return;
    waiting.delete(begin);
    free -= 1;
    begin();
  }

  async function turn(): Promise<void> {
    let begin = (): void => undefined;
    const begun = new Promise<void>((resolve) => (begin = resolve));
    waiting.add(begin);
    next();
    try {
      await within(
        milliseconds / 2,
        begun,
        `no turn among ${atOnce} calls at a time within ${turnSeconds} s`,
      );
    } finally {
      // If it was given up while it waited, it must not begin later.
      waiting.delete(begin);
    }
  }

  async function take<T>(work: () => Promise<T>): Promise<T> {
    const askedAt = performance.now();
    await turn();
    try {
      return await within(
        milliseconds - (performance.now() - askedAt),
        work(),
        `no answer within ${seconds} s`,
      );
    } finally {
      free += 1;
      next();
    }
  }

  return {
    run: (work) => calls.note(take(work)),
    idle: () => calls.ended(),
  };
}

async function within<T>(milliseconds: number, work: Promise<T>, words: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new ProviderError(words, { retryable: true });
    timer = setTimeout(reject, milliseconds, error);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
