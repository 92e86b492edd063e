// The page's one queue of deeds: the server hears them in the order in which the person did them.

interface Waiting {
  job: () => Promise<unknown>;
  done: Promise<unknown>;
}

let last: Promise<unknown> = Promise.resolve();
/** By key, the job that has not begun and that nothing else was put behind. */
const replaceable = new Map<string, Waiting>();

/** Does the job after all that was put here before; one's failure is no reason to leave out the next. */
export function inTurn<T>(job: () => Promise<T>): Promise<T> {
  // What comes after this must not slip in before it.
  replaceable.clear();
  return append(job);
}

/** As `inTurn`, but takes the place of a job of the same key that has not begun: only the newest text is worth sending. */
export function latestInTurn(key: string, job: () => Promise<unknown>): Promise<unknown> {
  const before = replaceable.get(key);
  if (before !== undefined) {
    before.job = job;
    return before.done;
  }
  const entry: Waiting = { job, done: Promise.resolve() };
  replaceable.set(key, entry);
  entry.done = append(() => {
    if (replaceable.get(key) === entry) replaceable.delete(key);
    return entry.job();
  });
  return entry.done;
}

/** Does the job once all that was put here before is done; nothing waits for it. */
export function afterAll<T>(job: () => Promise<T>): Promise<T> {
  return last.then(job);
}

function append<T>(job: () => Promise<T>): Promise<T> {
  const done = last.then(job);
  last = done.catch(() => undefined);
  return done;
}
