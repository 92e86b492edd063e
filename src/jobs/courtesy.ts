/** People who wait for an answer go first; what is done behind their backs waits a moment for them. */
export type Courtesy = {
  /** Counts somebody as waiting until the work is done. */
  readonly attend: <T>(work: () => Promise<T>) => Promise<T>;
  /** Resolves at once when nobody waits, else when nobody has waited for a moment, after `maxMs` at the latest. */
  readonly quiet: (maxMs: number) => Promise<void>;
  /** The same for whoever comes in numbers: while people wait, one after the other goes on. */
  readonly turn: () => Promise<void>;
};

/** Whoever keeps Slack's connections busy sends the next request at once; a pause this long is one. */
const quietMs = 20;
/** While people keep Hallpass busy without a pause, this long passes from one turn to the next. */
const turnMs = 100;

export function createCourtesy(): Courtesy {
  let attended = 0;
  let lastAttended = -Infinity;
  const isQuiet = (): boolean => attended === 0 && performance.now() - lastAttended >= quietMs;
  // In the order they came, each with the time by which it goes on whoever waits.
  const held = new Set<{ readonly until: number; readonly goOn: () => void }>();
  let lastTurn = -Infinity;
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    const now = performance.now();
    const allGo = isQuiet();
    if (allGo) lastTurn = now;
    for (const one of held) {
      if (!allGo && one.until > now) continue;
      held.delete(one);
      one.goOn();
    }
    if (held.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
  const hold = (until: number): Promise<void> =>
    new Promise((goOn) => {
      held.add({ until, goOn });
      timer ??= setInterval(look, quietMs);
    });
  return {
    async attend(work) {
      attended += 1;
      try {
        return await work();
      } finally {
        attended -= 1;
        lastAttended = performance.now();
      }
    },
    quiet: (maxMs) => (isQuiet() ? Promise.resolve() : hold(performance.now() + maxMs)),
    turn() {
      if (isQuiet()) return Promise.resolve();
      lastTurn = Math.max(lastTurn, performance.now()) + turnMs;
      return hold(lastTurn);
    },
  };
}
