import type { QueueName } from "../domain/effect.ts";
import type { OwedEffect } from "../persistence/effects/effects.ts";
import type { Courtesy } from "./courtesy.ts";

/** An effect and the milliseconds until it should be looked at. */
export type Alarm = OwedEffect & { readonly inMs: number };

/**
 * Jobs not handed to the queue yet. A job costs the database as much as the request it belongs to, so while people wait
 * only revocations are handed over, and a few of the others at a time, the most urgent first; once nobody waits, all of
 * them.
 */
export type EnqueueBuffer = {
  /** `now`: the time from which the effects' due times are counted. */
  readonly push: (effects: readonly OwedEffect[], now: Date) => void;
  /** Whether jobs wait here that the queue does not know yet. */
  readonly isBehind: () => boolean;
};

/** While people wait, jobs sent per `crowdedMs` besides revocations; still more than the workers can run. */
const crowdedMs = 100;
const crowdedBatch = 2;
const quietBatch = 200;
/** Maximum jobs waiting here; any more are left to the sweep, which finds them in the database once they are due. */
const maxWaiting = 10_000;
/** Anything due later than this is not urgent yet. */
const soonMs = 5_000;

type Waiting = { readonly effect: OwedEffect; readonly dueAtSteady: number };

export function createEnqueueBuffer(
  handOver: (alarms: readonly Alarm[]) => Promise<void>,
  courtesy: Pick<Courtesy, "quiet">,
): EnqueueBuffer {
  const soon: Readonly<Record<QueueName, Waiting[]>> = {
    revocations: [],
    grants: [],
    deadlines: [],
    messages: [],
  };
  const later: Waiting[] = [];
  // The most urgent first.
  const lines = [soon.grants, soon.deadlines, soon.messages, later];
  const size = (): number => lines.reduce((sum, line) => sum + line.length, soon.revocations.length);
  const take = (count: number): readonly Waiting[] => {
    const taken = soon.revocations.splice(0, quietBatch);
    const end = taken.length + count;
    for (const line of lines) taken.push(...line.splice(0, end - taken.length));
    return taken;
  };
  let hurry = (): void => undefined;
  /** Whether nobody waits, after a moment if somebody does; revocations wait for nobody. */
  const isQuiet = async (): Promise<boolean> => {
    if (soon.revocations.length > 0) return false;
    const hurried = new Promise<false>((resolve) => (hurry = (): void => resolve(false)));
    return Promise.race([courtesy.quiet(crowdedMs), hurried]);
  };
  let isRunning = false;
  const run = async (): Promise<void> => {
    while (size() > 0) {
      const batch = take((await isQuiet()) ? quietBatch : crowdedBatch);
      const present = performance.now();
      await handOver(
        batch.map(({ effect, dueAtSteady }) => ({ ...effect, inMs: Math.max(0, dueAtSteady - present) })),
      );
    }
    isRunning = false;
  };
  return {
    push(effects, now) {
      for (const effect of effects) {
        if (size() >= maxWaiting) break;
        const inMs = effect.dueAt.getTime() - now.getTime();
        const line = inMs <= soonMs ? soon[effect.queue] : later;
        line.push({ effect, dueAtSteady: performance.now() + inMs });
      }
      if (soon.revocations.length > 0) hurry();
      if (isRunning) return;
      isRunning = true;
      // Effects pushed in one turn of the event loop are handed over together.
      setImmediate(() => void run());
    },
    isBehind: () => size() > 0,
  };
}
