import { performance } from "node:perf_hooks";

/** People who wait for an answer go first; background work takes the processor time they leave. */
export type Courtesy = {
  /** Counts somebody as waiting until the work is done, for at most `patienceMs`. */
  readonly attend: <T>(work: () => Promise<T>) => Promise<T>;
  /** Resolves with `true` once nobody has waited for a moment, or with `false` if somebody still does after `maxMs`. */
  readonly quiet: (maxMs: number) => Promise<boolean>;
  /** The same for many callers: while people wait, they are let through one at a time, the urgent first. */
  readonly turn: (isUrgent: boolean) => Promise<void>;
};

/** Under load, requests follow each other at once; a pause this long means that nobody waits. */
const pauseMs = 20;
/** Slack gives up on an interaction after this long and says so, so nobody waits for it any longer. */
const patienceMs = 3_000;
/** While people wait, the time between two turns: where they leave processor time, and where they leave none. */
const turnMs = 100;
const busyTurnMs = 250;

/**
 * Creates the courtesy of one process. `isBusy`: whether people leave no room for anything else; by default, how busy
 * this thread is.
 */
export function createCourtesy(isBusy: () => boolean = createBusyness()): Courtesy {
  let attended = 0;
  let lastAttended = -Infinity;
  const isAlone = (): boolean => attended === 0 && performance.now() - lastAttended >= pauseMs;

  const held = new Set<{ readonly until: number; readonly goOn: (isAlone: boolean) => void }>();
  const urgent: (() => void)[] = [];
  const patient: (() => void)[] = [];
  let lastTurn = -Infinity;
  let timer: NodeJS.Timeout | undefined;

  const giveTurns = (now: number): void => {
    if (!isAlone() && now - lastTurn < (isBusy() ? busyTurnMs : turnMs)) return;
    lastTurn = now;
    for (let turns = isAlone() ? Infinity : 1; turns > 0; turns -= 1) {
      const goOn = urgent.shift() ?? patient.shift();
      if (!goOn) return;
      goOn();
    }
  };
  const look = (): void => {
    const now = performance.now();
    const alone = isAlone();
    for (const one of held) {
      if (!alone && one.until > now) continue;
      held.delete(one);
      one.goOn(alone);
    }
    giveTurns(now);
    if (held.size + urgent.length + patient.length > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
  const lookSoon = (): void => {
    timer ??= setInterval(look, pauseMs);
  };

  return {
    async attend(work) {
      attended += 1;
      let isWaiting = true;
      const leave = (): void => {
        if (!isWaiting) return;
        isWaiting = false;
        attended -= 1;
        lastAttended = performance.now();
      };
      const impatience = setTimeout(leave, patienceMs).unref();
      try {
        return await work();
      } finally {
        clearTimeout(impatience);
        leave();
      }
    },
    quiet(maxMs) {
      if (isAlone()) return Promise.resolve(true);
      return new Promise((goOn) => {
        held.add({ until: performance.now() + maxMs, goOn });
        lookSoon();
      });
    },
    turn(isUrgent) {
      if (isAlone()) return Promise.resolve();
      return new Promise((goOn) => {
        (isUrgent ? urgent : patient).push(goOn);
        lookSoon();
      });
    },
  };
}

/** If the event loop is busy for more than this share of its time, people notice other work. */
const busyShare = 0.5;

/** Whether this thread was busy most of the last moment. */
function createBusyness(): () => boolean {
  let since = performance.eventLoopUtilization();
  let measuredAt = performance.now();
  let isBusy = false;
  return () => {
    const now = performance.now();
    if (now - measuredAt < pauseMs) return isBusy;
    const latest = performance.eventLoopUtilization();
    isBusy = performance.eventLoopUtilization(latest, since).utilization > busyShare;
    since = latest;
    measuredAt = now;
    return isBusy;
  };
}
