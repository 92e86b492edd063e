import { expect, test } from "@jest/globals";
import { runHistories } from "./run.ts";

// A file of its own, for Jest runs files side by side and not tests.
test("and for others again", async () => {
  const { ran, failure } = await runHistories({ histories: 100, seed: 42, shrinkMs: 20_000 });
  expect(failure).toBeUndefined();
  expect(ran).toBe(100);
}, 1_800_000);
