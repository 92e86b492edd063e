/** What something is, as it changes; places are those of the audit's lines. */
export type Timeline<Value> = {
  /** Lines up to `after` were written before the change, those beyond `by` after it. */
  change(after: number, by: number, value: Value): void;
  /** All it may have been while the lines from one place to the other were written. */
  between(from: number, to: number): readonly Value[];
  /** What it was there; `undefined` where it was just changing. */
  at(place: number): Value | undefined;
  /** Whether it was nothing else all the time. */
  was(value: Value, from: number, to?: number): boolean;
  /** Whether it may have been that at some time. */
  mayHaveBeen(value: Value, from: number, to?: number): boolean;
};

export function createTimeline<Value>(first: Value): Timeline<Value> {
  const changes: { readonly after: number; readonly by: number; readonly value: Value }[] = [];
  const between = (from: number, to: number): readonly Value[] => {
    const before = changes.findLast(({ by }) => by < from);
    const meanwhile = changes.filter(({ after, by }) => by >= from && after < to);
    return [...new Set([before ? before.value : first, ...meanwhile.map(({ value }) => value)])];
  };
  return {
    change: (after, by, value) => void changes.push({ after, by, value }),
    between,
    at(place) {
      const [only, ...others] = between(place, place);
      return others.length === 0 ? only : undefined;
    },
    was: (value, from, to = from) => between(from, to).every((each) => each === value),
    mayHaveBeen: (value, from, to = from) => between(from, to).includes(value),
  };
}
