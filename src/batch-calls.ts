export type BatchOptions<Item> = {
  /** Only one item of each key goes into a batch. */
  readonly keyOf?: (item: Item) => string;
  /** Maximum items per batch. */
  readonly most: number;
  /** Maximum batches at a time. */
  readonly atOnce: number;
  /** Whether it may help to retry the items of a failed batch one by one. */
  readonly isWorthApart: (error: unknown) => boolean;
};

/**
 * Batches calls: makes a function for one item out of a function for many. Items asked for while others are under way,
 * or within one turn of the event loop, go together. If `together` fails, each item is retried alone, so that a fault
 * in one does not spoil the rest.
 *
 * `together` answers in the order of its items.
 */
export function batchCalls<Item, Answer>(
  together: (items: readonly Item[]) => Promise<readonly Answer[]>,
  { keyOf, most, atOnce, isWorthApart }: BatchOptions<Item>,
): (item: Item) => Promise<Answer> {
  type Asked = {
    readonly item: Item;
    readonly answer: (value: Answer) => void;
    readonly fail: (error: unknown) => void;
  };
  let waiting: readonly Asked[] = [];
  let underWay = 0;
  let isAboutToGo = false;

  const take = (): readonly Asked[] => {
    const keys = new Set<string>();
    const [taken, left]: [Asked[], Asked[]] = [[], []];
    for (const asked of waiting) {
      const key = keyOf?.(asked.item);
      const goes = taken.length < most && (key === undefined || !keys.has(key));
      if (goes && key !== undefined) keys.add(key);
      (goes ? taken : left).push(asked);
    }
    waiting = left;
    return taken;
  };
  const ask = async (asked: readonly Asked[]): Promise<void> => {
    try {
      const answers = await together(asked.map(({ item }) => item));
      if (answers.length !== asked.length)
        throw new Error(`expected ${asked.length} answers of a statement, got ${answers.length}`);
      for (const [index, answer] of answers.entries()) asked[index]?.answer(answer);
    } catch (error) {
      if (asked.length > 1 && isWorthApart(error)) await Promise.all(asked.map((one) => ask([one])));
      else for (const { fail } of asked) fail(error);
    }
  };
  const go = (): void => {
    isAboutToGo = false;
    while (underWay < atOnce && waiting.length > 0) {
      underWay += 1;
      void ask(take()).finally(() => {
        underWay -= 1;
        go();
      });
    }
  };
  return (item) =>
    new Promise((answer, fail) => {
      waiting = [...waiting, { item, answer, fail }];
      if (isAboutToGo || underWay >= atOnce) return;
      isAboutToGo = true;
      setImmediate(go);
    });
}
