/** Whether it is worth looking for events to seal. Times are this process's own, in milliseconds. */
export type Quiet = {
  /** Whether to look. `newest`: the number of the newest event. */
  isOver(newest: number, now: number): boolean;
  /** Records that everything there was at that time has been looked for. */
  looked(now: number): void;
};

/** Events become visible out of numbering order, mostly within seconds. */
const lateMs = 10_000;
/** How often to look for later ones while nothing new comes. */
const everyMs = 10_000;

/**
 * Makes looks rare once nothing new has come for a while: each compares thousands of events to find nothing, and each second that
 * is more than everything else an idle Hallpass does.
 */
export function createQuiet(): Quiet {
  let latest: { readonly newest: number; readonly since: number } | undefined;
  let lookedAt = -Infinity;
  return {
    isOver(newest, now) {
      if (latest?.newest !== newest) latest = { newest, since: now };
      return now - latest.since < lateMs || now - lookedAt >= everyMs;
    },
    looked(now) {
      lookedAt = now;
    },
  };
}
