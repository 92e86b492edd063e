/** Whether it is worth to look for what is to be sealed, by this process's own time in milliseconds. */
export type Quiet = {
  /** `newest`: the number of the newest event there is. */
  isOver(newest: number, now: number): boolean;
  /** It was looked for everything that there was then. */
  looked(now: number): void;
};

/** Events become visible in another order than they are numbered, in seconds mostly. */
const lateMs = 10_000;
/** What is later still is looked for so often while nothing new comes. */
const everyMs = 10_000;

/**
 * Once nothing new has come for a while, a look compares thousands of events to find nothing; each second that is more than all
 * else that Hallpass does while nobody asks for anything.
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
