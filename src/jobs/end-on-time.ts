import { setTimeout as sleep } from "node:timers/promises";
import type { RecordDeps } from "../access/deps.ts";
import type { Logger } from "../logger.ts";
import { claimRevocations, type DueRevocation } from "../persistence/requests/due-revocations.ts";
import { meetRequesters } from "../persistence/requests/event-rows.ts";
import { untilNextDue } from "../persistence/effects/effects.ts";
import { runInLoop, type Loop } from "../loop.ts";

export type EndDeps = Pick<RecordDeps, "db" | "clock" | "recent"> & {
  /** Carries out a claimed revocation. */
  readonly end: (effect: DueRevocation["effect"]) => Promise<void>;
  readonly log: Logger;
};

/** Pause between two looks while much ends: what falls due meanwhile is claimed together. */
const shortestPauseMs = 50;
/** Access is claimed this long before it ends, so a slow claim does not delay the end. */
const aheadMs = 150;
/** Revocations due within the same tick of this length start together. */
const tickMs = 20;
/**
 * Longest pause while there is work: what was started may be owed again at once, because it was postponed or its worker
 * gave it up.
 */
const longestPauseAfterWorkMs = 500;
/** Longest pause between two looks, whatever the clock says. */
const longestPauseMs = 5_000;
/** Maximum in hand for one provider: any more would time out while they wait for its connections. */
const maxOfProvider = 60;
/** Maximum in hand altogether, so that one or two providers with hanging connections leave room for the others. */
const maxInHand = 3 * maxOfProvider;
/** Claimed in batches of half `maxOfProvider`, because a look costs as much as some of what it finds. */
const batchSize = maxOfProvider / 2;

/**
 * Ends access on time, whatever the queue does: sleeps until the next end is due, then claims together what is due
 * together. A job of the queue only makes it look at once; one that is late, lost or never set does no harm.
 */
export function endOnTime(deps: EndDeps): Loop {
  const inHand = new Set<Promise<void>>();
  const ofProvider = new Map<string, number>();
  const isBusy = (provider: string): boolean => (ofProvider.get(provider) ?? 0) > maxOfProvider - batchSize;
  const isFull = (): boolean => inHand.size > maxInHand - batchSize;
  let isWaitedFor = false;
  let hasFound = false;
  /** A look is running or comes within the shortest pause; callers wait for that one. */
  let isSoon = false;
  let isAsked = false;

  /** Milliseconds until then, rounded up to a tick; 0 when it is past, or when the time is unknown. */
  const msUntil = (dueAt: number): number => {
    const now = deps.clock.estimate()?.getTime() ?? Infinity;
    return now >= dueAt ? 0 : Math.ceil(dueAt / tickMs) * tickMs - now;
  };
  const untilDue = async (dueAt: number): Promise<void> => {
    for (let ms = msUntil(dueAt); ms > 0; ms = msUntil(dueAt)) await sleep(ms);
  };
  /** Looks up the requesters ahead, so that recording their ends needs no further statement for it. */
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
        loop.now();
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
    // Skipped providers are looked at again once there is room for them; there may be by now.
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
  const loop = runInLoop(async () => {
    isSoon = true;
    isAsked = false;
    const pause = await look();
    isSoon = isAsked || pause <= shortestPauseMs;
    return isAsked ? Math.min(pause, shortestPauseMs) : pause;
  }, fault);
  return {
    now() {
      isAsked = true;
      if (!isSoon) loop.now();
    },
    async stop() {
      await loop.stop();
      await Promise.all(inHand);
    },
  };
}

const only = ["revocations"] as const;
