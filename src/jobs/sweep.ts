import type { Logger } from "pino";
import type { RecordDeps } from "../access/deps.ts";
import { dueEffects, untilNextDue } from "../persistence/effects.ts";
import { readNow } from "../persistence/requests.ts";
import type { Queues } from "./queues.ts";

export type SweepDeps = Pick<RecordDeps, "db" | "clock"> & {
  readonly queues: Pick<Queues, "enqueue">;
  readonly run: (effectId: string) => Promise<void>;
  readonly log: Logger;
};

export type Sweep = {
  /** Looks now instead of at the next due time, and runs here what is due. */
  look(): void;
  /** Looks no more and waits for the look in hand. */
  stop(): Promise<void>;
};

/** Never longer between two looks, whatever the clock or the queue say. */
const maxPauseMs = 5_000;
/** A job had this long to come by itself before the sweep asks again. */
const graceMs = 500;
/** What is overdue by more was enqueued and still not done: the queue is not to be relied on, so it is run here. */
const impatientAfterSeconds = 5;
const batchSize = 500;
const inlineConcurrency = 20;

/**
 * Finds by query whatever is due and not done: jobs that were lost, retries whose time has come, claims of the dead.
 * Re-enqueues it, and runs it in this process when the queue does not take it or does not deliver.
 */
export function startSweep(deps: SweepDeps): Sweep {
  let stopped = false;
  // Somebody moved the clock: what is due now has a job set for later, so it is run here and at once.
  let asked = false;
  let wakeUp: (() => void) | undefined;
  const loop = async (): Promise<void> => {
    for (;;) {
      if (stopped) return;
      let pause: number;
      try {
        const inline = asked;
        asked = false;
        pause = await lookOnce(deps, inline);
      } catch (error) {
        deps.log.error({ err: error }, "the sweep could not look; it looks again in a second");
        pause = 1_000;
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, pause);
        wakeUp = () => {
          clearTimeout(timer);
          resolve();
        };
        // Somebody may have asked while the last look went on.
        if (stopped || asked) wakeUp();
      });
    }
  };
  const finished = loop();
  return {
    look() {
      asked = true;
      wakeUp?.();
    },
    async stop() {
      stopped = true;
      wakeUp?.();
      await finished;
    },
  };
}

/** One look; the milliseconds until the next. */
async function lookOnce(deps: SweepDeps, inline: boolean): Promise<number> {
  const due = await dueEffects(deps.db, deps.clock, batchSize);
  if (inline) {
    await runAll(deps, due);
    return 0;
  }
  const lost = due.filter(({ overdueSeconds }) => overdueSeconds * 1000 >= graceMs);
  const impatient = lost.filter(({ overdueSeconds }) => overdueSeconds >= impatientAfterSeconds);
  const patient = lost.filter(({ overdueSeconds }) => overdueSeconds < impatientAfterSeconds);
  if (lost.length > 0) {
    deps.log.info({ effects: lost.length }, "the sweep found effects that are due and not done");
    const taken =
      patient.length === 0 || (await deps.queues.enqueue(patient, await readNow(deps.db, deps.clock), 1_000));
    await runAll(deps, taken ? impatient : lost);
  }
  if (due.length === batchSize) return 0;
  if (due.length > 0) return graceMs;
  const milliseconds = await untilNextDue(deps.db, deps.clock);
  return Math.min(maxPauseMs, Math.max(0, milliseconds ?? maxPauseMs) + graceMs);
}

async function runAll(deps: SweepDeps, effects: readonly { readonly id: string }[]): Promise<void> {
  const waiting = [...effects];
  const one = async (): Promise<void> => {
    for (let effect = waiting.shift(); effect; effect = waiting.shift()) {
      try {
        await deps.run(effect.id);
      } catch (error) {
        deps.log.error(
          { err: error, effect: effect.id },
          "an effect could not be run; the next look finds it",
        );
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(inlineConcurrency, effects.length) }, one));
}
