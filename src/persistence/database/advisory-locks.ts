/**
 * The keys of Hallpass's advisory locks: whatever holds one lets only one of all Hallpass processes on a database do that work at a
 * time. Arbitrary, but each its own, and none that a query reads as two keys.
 */
export const advisoryLocks = {
  /** Links events into the audit's hash chain. */
  seal: 7_265_313,
  /** Changes who is who, or erases somebody. */
  people: 7_265_314,
  /** Retires the start of the audit. */
  retire: 7_265_316,
} as const;

/** First of the two keys of an export's lock; the second is the export's own. */
export const exportLockClass = 7_265_315;

/** Seeds the hash of a sink's cursor, which is the key of its lock. */
export const sinkLockSeed = 7_265_313;
