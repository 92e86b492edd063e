import { performance } from "node:perf_hooks";

/** People who wait for an answer go first; what is done behind their backs takes what they leave of the processor. */
export type Courtesy = {
  /** Counts somebody as waiting until the work is done, but no longer than they do. */
  readonly attend: <T>(work: () => Promise<T>) => Promise<T>;
  /** Resolves with `true` once nobody has waited for a moment, with `false` when somebody still does after `maxMs`. */
  readonly quiet: (maxMs: number) => Promise<boolean>;
  /** The same for whoever comes in numbers: while people wait one after the other goes on, the urgent first. */
  readonly turn: (isUrgent: boolean) => Promise<void>;
};

/** Whoever keeps Slack's connections busy sends the next request at once; a pause this long is one. */
const pauseMs = 20;
/** Slack gives up on an interaction after so long and says so; whoever goes on with it keeps nobody waiting. */
const patienceMs = 3_000;
/** While people wait, this long passes from one turn to the next where they leave room, and where they leave none. */
const turnMs = 100;
const busyTurnMs = 250;

/** `isBusy`: whether people leave no room for anything else; what this thread does tells, unless told. */
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

/** Above this share of its time the event loop is busy enough for people to feel what else is done. */
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
