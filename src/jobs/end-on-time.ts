import { dueEffects, untilNextDue } from "../persistence/effects.ts";
import type { QueueName } from "../domain/effect.ts";
import { keepGoing, type Rounds } from "./rounds.ts";
import type { SweepDeps } from "./sweep.ts";

const only: readonly QueueName[] = ["revocations"];

/** A revocation's job had this long to come by itself. */
const graceMs = 50;
/** Between two looks, while something is due. */
const shortestPauseMs = 25;
/** What was begun may be owed again at once: postponed, or given up by somebody else. */
const longestPauseAfterWorkMs = 500;
/** Never longer between two looks, whatever the clock says. */
const longestPauseMs = 5_000;
/** So many at once, besides the queue's: with more, they would time out while they wait for the provider's connections. */
const maxInHand = 20;

/**
 * Ends access at its time, whatever the queue does: a revocation whose job has not come by then is run here. A queue that
 * is behind, forgets or is away costs the grace and a look.
 */
export function endOnTime(deps: Omit<SweepDeps, "queues">): Rounds {
  const inHand = new Map<string, Promise<void>>();
  let isCrowded = false;
  const start = (id: string): void => {
    const work = deps
      .run(id, "revocations")
      .catch((error: unknown) =>
        deps.log.error({ err: error, effect: id }, "an effect could not be run; the next look finds it"),
      )
      .finally(() => {
        inHand.delete(id);
        // By halves: a look costs as much as some of what it finds.
        if (isCrowded && inHand.size <= maxInHand / 2) rounds.now();
      });
    inHand.set(id, work);
  };
  const fault = { log: deps.log, fault: "what is due to end could not be looked for" };
  const rounds = keepGoing(async (asked) => {
    const due = await dueEffects(deps.db, deps.clock, 2 * maxInHand, only);
    const free = due.filter(({ id }) => !inHand.has(id));
    const mayCome = (overdueSeconds: number): number => Math.max(0, graceMs - overdueSeconds * 1000);
    // Asked: somebody moved the clock, or the queue said that it is away.
    const mine = free.filter(({ overdueSeconds }) => asked || mayCome(overdueSeconds) === 0);
    const room = maxInHand - inHand.size;
    isCrowded = mine.length > room;
    for (const { id } of mine.slice(0, room)) start(id);
    if (isCrowded) return longestPauseMs;
    const [next] = free.filter((effect) => !mine.includes(effect));
    if (next) return Math.max(shortestPauseMs, mayCome(next.overdueSeconds));
    const ms = await untilNextDue(deps.db, deps.clock, only);
    const longest = due.length > 0 ? longestPauseAfterWorkMs : longestPauseMs;
    return Math.min(longest, Math.max(shortestPauseMs, (ms ?? longest) + graceMs));
  }, fault);
  return {
    now: () => rounds.now(),
    async stop() {
      await rounds.stop();
      await Promise.all(inHand.values());
    },
  };
}
