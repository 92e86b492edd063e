import type { QueueName } from "../domain/effect.ts";
import { dueEffects, untilNextDue, urgency } from "../persistence/effects/effects.ts";
import { type EndDeps, endOnTime } from "./end-on-time.ts";
import type { Queues } from "./queues.ts";
import { runInLoop } from "../loop.ts";

export type SweepDeps = EndDeps & {
  readonly queues: Pick<Queues, "enqueue" | "isBehind">;
  readonly run: (effectId: string, queue: QueueName) => Promise<void>;
};

export type Sweep = {
  /** Looks now instead of at the next due time, and runs here what is due. */
  look(): void;
  /** Looks now for access that should end. */
  end(): void;
  /** Stops looking and waits for the look in hand. */
  stop(): Promise<void>;
};

const others = urgency.filter((queue) => queue !== "revocations");

/** Longest pause between two looks, whatever the clock or the queue say. */
const maxPauseMs = 5_000;
/** How long a job has to run by itself before the sweep enqueues it again. */
const graceMs = 500;
/** Anything overdue by more than this was enqueued and still not done: the queue is unreliable, so it is run here. */
const impatientAfterSeconds = 5;
/** Maximum effects of each queue per look. */
const batchSize = 200;
const inlineConcurrency = 20;
/** After this long it looks again, because something more urgent may be due. */
const inlineMs = 2_000;

/**
 * Finds whatever is due and not done by querying the database: lost jobs, retries that are due, claims of dead workers.
 * Ends access itself; enqueues the rest again, and runs it in this process if the queue does not accept or deliver it.
 */
export function startSweep(deps: SweepDeps): Sweep {
  const enqueued = new Set<string>();
  // Asked: somebody moved the clock. Jobs for what is due now are set for later, so it is run here at once.
  const rest = runInLoop((asked) => lookOnce(deps, asked, enqueued), {
    log: deps.log,
    fault: "the sweep could not look",
  });
  const revocations = endOnTime(deps);
  return {
    look() {
      revocations.now();
      rest.now();
    },
    end: () => revocations.now(),
    async stop() {
      await Promise.all([revocations.stop(), rest.stop()]);
    },
  };
}

/** One look; returns the milliseconds until the next. `enqueued`: what was enqueued again at the previous look. */
async function lookOnce(deps: SweepDeps, inline: boolean, enqueued: Set<string>): Promise<number> {
  const due = await dueEffects(deps.db, deps.clock, batchSize, others);
  if (inline) {
    await runAll(deps, due);
    return 0;
  }
  const lost = due.filter(({ overdueSeconds }) => overdueSeconds * 1000 >= graceMs);
  const impatient = lost.filter(({ overdueSeconds }) => overdueSeconds >= impatientAfterSeconds);
  const patient = lost.filter(({ overdueSeconds }) => overdueSeconds < impatientAfterSeconds);
  // Enqueuing again does not help a queue that is merely behind, or that has not been given these jobs yet.
  const isBehind = deps.queues.isBehind();
  const untold = isBehind ? [] : patient.filter(({ id }) => !enqueued.has(id));
  enqueued.clear();
  let mine = impatient;
  if (untold.length > 0) {
    const alarms = untold.map((effect) => ({ ...effect, inMs: 0 }));
    const taken = await deps.queues.enqueue(alarms, 1_000);
    if (!taken) mine = lost;
  }
  if (mine !== lost && !isBehind) for (const { id } of patient) enqueued.add(id);
  if (untold.length + mine.length > 0) {
    deps.log.info(
      { enqueued: untold.length, overdue: impatient.length },
      "the sweep found effects that are due and not done",
    );
    await runAll(deps, mine);
  }
  if (due.length >= batchSize && mine.length > 0) return 0;
  if (due.length > 0) return graceMs;
  const milliseconds = await untilNextDue(deps.db, deps.clock, others);
  return Math.min(maxPauseMs, Math.max(0, milliseconds ?? maxPauseMs) + graceMs);
}

async function runAll(
  deps: SweepDeps,
  effects: readonly { readonly id: string; readonly queue: QueueName }[],
): Promise<void> {
  const waiting = [...effects];
  const end = performance.now() + inlineMs;
  const one = async (): Promise<void> => {
    for (let effect = waiting.shift(); effect && performance.now() < end; effect = waiting.shift()) {
      try {
        await deps.run(effect.id, effect.queue);
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
