import { setTimeout as sleep } from "node:timers/promises";
import type { PrismaClient } from "../generated/prisma/client.ts";
import type { Logger } from "../logger.ts";
import type { Clock } from "../persistence/database/clock.ts";
import { beginning, deleteDone } from "../persistence/effects/done-effects.ts";
import { runInLoop, type Loop } from "../loop.ts";

export type ClearDeps = {
  readonly db: PrismaClient;
  readonly clock: Clock;
  /** How long effects are kept once they are done. */
  readonly keepSeconds: () => number;
  readonly log: Logger;
};

const everyMs = 60 * 60_000;
/** Pause between two statements, so that others who wait for the database and the disk go first. */
const pauseMs = 200;

/** Deletes effects that were done long ago, each hour, a few at a time. */
export function clearEffects({ db, clock, keepSeconds, log }: ClearDeps): Loop {
  return runInLoop(
    async (_asked, stopping) => {
      let cleared = 0;
      let after: string | undefined = beginning;
      while (after !== undefined && !stopping.aborted) {
        const { deleted, upTo } = await deleteDone(db, clock, { after, keepSeconds: keepSeconds() });
        cleared += deleted;
        after = upTo;
        if (after !== undefined) await pause(stopping);
      }
      if (cleared > 0) log.info({ cleared }, "effects that were done long ago were deleted");
      return everyMs;
    },
    { log, fault: "effects that were done long ago could not be deleted" },
  );
}

async function pause(stopping: AbortSignal): Promise<void> {
  try {
    await sleep(pauseMs, undefined, { signal: stopping });
  } catch (error) {
    if (!stopping.aborted) throw error;
  }
}
