import { batchCalls, type BatchOptions } from "../src/batch-calls.ts";

type Ask = { readonly key: string; readonly fails?: Error };

/** Asks for all at once; what went together, and what became of each. */
async function askAll(
  asks: readonly Ask[],
  options: Partial<BatchOptions<Ask>> = {},
): Promise<{ readonly together: readonly (readonly string[])[]; readonly outcomes: readonly unknown[] }> {
  const together: (readonly string[])[] = [];
  const ask = batchCalls(
    (all: readonly Ask[]) => {
      together.push(all.map(({ key }) => key));
      const fault = all.find(({ fails }) => fails !== undefined)?.fails;
      return fault ? Promise.reject(fault) : Promise.resolve(all.map(({ key }) => `answer to ${key}`));
    },
    { most: 10, atOnce: 1, isWorthApart: () => true, ...options },
  );
  const settled = await Promise.allSettled(asks.map(ask));
  return {
    together,
    outcomes: settled.map((one) => (one.status === "fulfilled" ? one.value : one.reason)),
  };
}

const asks = (...keys: readonly string[]): readonly Ask[] => keys.map((key) => ({ key }));

describe("what is asked together", () => {
  it("is answered each for itself", async () => {
    const { together, outcomes } = await askAll(asks("a", "b", "c"));
    expect(together).toEqual([["a", "b", "c"]]);
    expect(outcomes).toEqual(["answer to a", "answer to b", "answer to c"]);
  });

  it("is no more than goes into one statement; what comes meanwhile goes with the next", async () => {
    const { together, outcomes } = await askAll(asks("a", "b", "c", "d", "e"), { most: 2 });
    expect(together).toEqual([["a", "b"], ["c", "d"], ["e"]]);
    expect(outcomes).toHaveLength(5);
  });

  it("never holds the same thing twice", async () => {
    const { together, outcomes } = await askAll(asks("a", "b", "a", "a"), { keyOf: ({ key }) => key });
    expect(together).toEqual([["a", "b"], ["a"], ["a"]]);
    expect(outcomes).toEqual(["answer to a", "answer to b", "answer to a", "answer to a"]);
  });

  it("is asked for one by one where it failed, so that only what ails fails", async () => {
    const fault = new Error("b is not to be had");
    const { together, outcomes } = await askAll([{ key: "a" }, { key: "b", fails: fault }, { key: "c" }]);
    expect(together).toEqual([["a", "b", "c"], ["a"], ["b"], ["c"]]);
    expect(outcomes).toEqual(["answer to a", fault, "answer to c"]);
  });

  it("fails together where asking apart helps nobody, and what is asked after it goes on", async () => {
    const fault = new Error("nobody answers");
    const { together, outcomes } = await askAll([{ key: "a" }, { key: "b", fails: fault }, { key: "c" }], {
      most: 2,
      isWorthApart: () => false,
    });
    expect(together).toEqual([["a", "b"], ["c"]]);
    expect(outcomes).toEqual([fault, fault, "answer to c"]);
  });
});
