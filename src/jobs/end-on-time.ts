import { setTimeout as sleep } from "node:timers/promises";
import type { RecordDeps } from "../access/deps.ts";
import type { Logger } from "../logger.ts";
import { claimRevocations, type DueRevocation } from "../persistence/due-revocations.ts";
import { meetRequesters } from "../persistence/event-rows.ts";
import { untilNextDue } from "../persistence/effects.ts";
import { keepGoing, type Rounds } from "../rounds.ts";

export type EndDeps = Pick<RecordDeps, "db" | "clock" | "recent"> & {
  /** Carries out a revocation that is claimed. */
  readonly end: (effect: DueRevocation["effect"]) => Promise<void>;
  readonly log: Logger;
};

/** Between two looks while much ends: what falls due meanwhile is claimed together. */
const shortestPauseMs = 50;
/** So long before its time access is claimed, so that the claim holds nothing up however slow the database just is. */
const aheadMs = 150;
/** What falls due within so many milliseconds is begun together. */
const tickMs = 20;
/** What was begun may be owed again at once: postponed, or given up by somebody else. */
const longestPauseAfterWorkMs = 500;
/** Never longer between two looks, whatever the clock says. */
const longestPauseMs = 5_000;
/** So many of one provider at once, at most: with more, they would time out while they wait for its connections. */
const maxOfProvider = 60;
/** So many in all, so that the connections to a provider or two that hang leave room for the others. */
const maxInHand = 3 * maxOfProvider;
/** By halves: a look costs as much as some of what it finds. */
const batchSize = maxOfProvider / 2;

/**
 * Ends access at its time, whatever the queue does: sleeps until the next is due, then claims what is due together. A job
 * of the queue only has it look at once; one that is late, lost or never set costs nothing.
 */
export function endOnTime(deps: EndDeps): Rounds {
  const inHand = new Set<Promise<void>>();
  const ofProvider = new Map<string, number>();
  const isBusy = (provider: string): boolean => (ofProvider.get(provider) ?? 0) > maxOfProvider - batchSize;
  const isFull = (): boolean => inHand.size > maxInHand - batchSize;
  let isWaitedFor = false;
  let hasFound = false;
  /** There is a look going on, or one comes within the shortest pause; who asks for one waits for that. */
  let isSoon = false;
  let isAsked = false;

  /** Milliseconds until then, or until the tick after it; 0 when it is over, or when nobody knows what time it is. */
  const msUntil = (dueAt: number): number => {
    const now = deps.clock.estimate()?.getTime() ?? Infinity;
    return now >= dueAt ? 0 : Math.ceil(dueAt / tickMs) * tickMs - now;
  };
  const untilDue = async (dueAt: number): Promise<void> => {
    for (let ms = msUntil(dueAt); ms > 0; ms = msUntil(dueAt)) await sleep(ms);
  };
  /** So that recording their end needs no statement more to find them. */
  const meet = async (due: readonly DueRevocation[]): Promise<void> => {
    try {
      await meetRequesters(
        deps.db,
        due.flatMap(({ state }) => state ?? []),
      );
    } catch (error) {
      deps.log.warn({ err: error }, "people could not be looked up ahead; whoever records their end will");
    }
  };
  const start = ({ effect, dueAt, provider: name, state }: DueRevocation): void => {
    const provider = name ?? "";
    ofProvider.set(provider, (ofProvider.get(provider) ?? 0) + 1);
    if (state) deps.recent.set(state);
    const work = untilDue(dueAt.getTime())
      .then(() => deps.end(effect))
      .catch((error: unknown) =>
        deps.log.error(
          { err: error, effect: effect.id },
          "an effect could not be run; the next look finds it",
        ),
      )
      .finally(() => {
        inHand.delete(work);
        const left = (ofProvider.get(provider) ?? 0) - 1;
        if (left > 0) ofProvider.set(provider, left);
        else ofProvider.delete(provider);
        if (!isWaitedFor || isFull() || isBusy(provider)) return;
        isWaitedFor = false;
        rounds.now();
      });
    inHand.add(work);
  };
  const look = async (): Promise<number> => {
    isWaitedFor = isFull();
    if (isWaitedFor) return longestPauseMs;
    const busy = [...ofProvider.keys()].filter(isBusy);
    const due = await claimRevocations(deps.db, deps.clock, { limit: batchSize, aheadMs, busy });
    await meet(due);
    for (const each of due) start(each);
    // What was passed over is looked for as soon as there is room for it; there may be by now.
    isWaitedFor = busy.some(isBusy);
    if (due.length === batchSize || (busy.length > 0 && !busy.every(isBusy))) return 0;
    const hadFound = hasFound;
    hasFound = due.length > 0;
    if (hasFound) return shortestPauseMs;
    const ms = await untilNextDue(deps.db, deps.clock, only);
    return Math.min(
      Math.max((ms ?? longestPauseMs) - aheadMs, shortestPauseMs),
      hadFound || inHand.size > 0 ? longestPauseAfterWorkMs : longestPauseMs,
    );
  };
  const fault = { log: deps.log, fault: "what is due to end could not be looked for" };
  const rounds = keepGoing(async () => {
    isSoon = true;
    isAsked = false;
    const pause = await look();
    isSoon = isAsked || pause <= shortestPauseMs;
    return isAsked ? Math.min(pause, shortestPauseMs) : pause;
  }, fault);
  return {
    now() {
      isAsked = true;
      if (!isSoon) rounds.now();
    },
    async stop() {
      await rounds.stop();
      await Promise.all(inHand);
    },
  };
}

const only = ["revocations"] as const;
